import type { Note } from '../../base/notes.ts';
import type { Frozen } from '../../template/language/functions.ts';

/** A template document of imaged, as `parseTemplate` takes it. */
export type ImagedDocument = Readonly<Record<string, unknown>>;

/** What the host knows of the files beside a Packer template: paths are relative to the context, with `/`. */
export type ContextFiles = {
  readonly has: (path: string) => boolean;
  /** The paths of all files below a folder, relative to it. */
  readonly below: (folder: string) => readonly string[];
};

export type ImportOptions = {
  /** Values that were sent for the template's variables. They decide what must be known to translate, such as `disk_image`. */
  readonly variables: Readonly<Record<string, string | number | boolean | object>>;
  readonly frozen: Frozen;
  readonly files: ContextFiles;
  /** Whether this host gives machines the network outside; without it: it does. */
  readonly hasOutgoing?: boolean;
  /** Which builders will be built, by name; without it all. Of the others nothing is wrong and nothing is noted. */
  readonly isAsked?: (name: string) => boolean;
};

/** One builder of a Packer template as a template of imaged. */
export type ImportedMachine = {
  /** The name of the builder, as Packer has it. */
  readonly name: string;
  readonly document: ImagedDocument;
  /** Where a place of `document` comes from, in the Packer document. */
  readonly pointerOf: (pointer: string) => string;
};

/** `notes` point into the Packer document. */
export type Imported = { readonly machines: readonly ImportedMachine[]; readonly notes: readonly Note[] };
