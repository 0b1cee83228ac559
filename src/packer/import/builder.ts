import type { ImportDraft } from './draft.ts';
import type { ImportKeys, KeyReading, Rules } from './keys.ts';

/** One builder that is being translated. */
export type Builder = {
  readonly keys: ImportKeys;
  readonly draft: ImportDraft;
  readonly reading: KeyReading;
  /** The names of the artifacts that Packer's builder gives, in the order of the document's. */
  readonly artifacts: string[];
};

/** A type of builder. */
export type BuilderKind = {
  /** Every key that it has in Packer. */
  readonly rules: Rules;
  readonly translate: (builder: Builder) => void;
};

/** The keys of every builder. */
export const commonRules = { type: 'read', name: 'read' } as const satisfies Rules;
