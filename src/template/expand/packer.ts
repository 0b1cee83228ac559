import { Fault, type FieldError } from '../../base/fault.ts';
import type { Note } from '../../base/notes.ts';
import { importInTurns } from '../../packer/import/import-packer.ts';
import { importOne, type OneMachine } from '../../packer/import/machine-of.ts';
import { isPackerJson } from '../../packer/template-form.ts';
import type { ImportOptions } from '../../packer/import/types.ts';
import { makePause } from '../../base/turns.ts';
import { parseTemplate } from '../document/template.ts';

/** A template that a client asks to have translated, each machine as a document of imaged. */
export type Translation = {
  readonly machines: readonly { readonly name: string; readonly document: unknown }[];
  readonly notes: readonly Note[];
};

type Place = (pointer: string) => string;

/** Field errors with the places that `place` gives for theirs. */
const withPlaces = async <T>(place: Place, work: () => T | Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Fault) || error.facts.errors === undefined) throw error;
    const errors: readonly FieldError[] = error.facts.errors.map(({ pointer, message }) => ({
      pointer: place(pointer),
      message,
    }));
    const [first = { pointer: '' }] = error.facts.errors;
    const message =
      first.pointer === '' ? error.message : error.message.replace(first.pointer, () => place(first.pointer));
    throw new Fault(error.code, message, { ...error.facts, errors }, { cause: error });
  }
};

const behind =
  (at: string, pointerOf: Place): Place =>
  (pointer) =>
    pointer.startsWith(at) ? at + pointerOf(pointer.slice(at.length)) : pointer;

/** What is judged and built of a document, and where its places are in what the client sent. */
export type Judged = Pick<OneMachine, 'document' | 'notes'> & {
  /** Runs what judges the document, which stands at `at` in the request. */
  readonly judge: <T>(work: () => T | Promise<T>) => Promise<T>;
  readonly note: (note: Note) => Note;
};

const asItIs = (document: unknown): OneMachine => ({
  name: '',
  document: document as OneMachine['document'], // parseTemplate judges what it is
  notes: [],
  pointerOf: (pointer) => pointer,
});

/**
 * The template that a build is made from: a document of imaged as it is, or the translation of a Packer template with one
 * builder. The translation is what a build keeps: it runs as it was judged, whatever a later release makes of the original.
 */
export const judgedDocument = async (document: unknown, options: () => ImportOptions, at: string): Promise<Judged> => {
  const machine = isPackerJson(document)
    ? await withPlaces(
        (pointer) => at + pointer,
        () => importOne(document, options()),
      )
    : asItIs(document);
  const place = behind(at, machine.pointerOf);
  return {
    document: machine.document,
    notes: machine.notes.map(({ pointer, message }) => ({ pointer: at + pointer, message })),
    judge: (work) => withPlaces(place, work),
    note: ({ pointer, message }) => ({ pointer: place(pointer), message }),
  };
};

/** Translates a Packer template, and judges the form of each of its machines. Throws `template_invalid`. */
export const translate = async (document: unknown, options: ImportOptions): Promise<Translation> => {
  const pause = makePause();
  const { machines, notes } = await importInTurns(document, options, pause);
  for (const machine of machines) {
    await pause();
    await withPlaces(machine.pointerOf, () => parseTemplate(machine.document));
  }
  return { machines: machines.map(({ name, document: translated }) => ({ name, document: translated })), notes };
};
