import { withPlaces } from '../../base/field-errors.ts';
import type { Note } from '../../base/notes.ts';
import { makePause } from '../../base/turns.ts';
import { importInTurns } from '../../packer/import/import-packer.ts';
import type { ImportOptions } from '../../packer/import/types.ts';
import { parseTemplate } from '../document/template.ts';
import type { Expanded } from './expand.ts';

/** A note of one machine's builder is of no interest to the others. */
const notesFor = (notes: readonly Note[], own: string, builders: readonly string[]): readonly Note[] =>
  notes.filter(({ pointer }) => {
    const [builder = own] = /^\/builders\/\d+/.exec(pointer) ?? [];
    return builder === own || !builders.includes(builder);
  });

/**
 * The builders of a Packer template, each as a template of imaged. The translation is what a build keeps: it runs as it was
 * judged, whatever a later release makes of the original. `pointerOf` leads into the Packer document, as the pointers of notes
 * do. Throws `template_invalid`.
 */
export const packerMachines = async (document: unknown, options: ImportOptions): Promise<readonly Expanded[]> => {
  const { machines, notes } = await importInTurns(document, options, makePause());
  const builders = machines.map(({ pointerOf }) => pointerOf(''));
  return machines.map((machine) => ({ ...machine, notes: notesFor(notes, machine.pointerOf(''), builders) }));
};

/** The same with the form of each machine judged: for a client that asks for the translation alone. */
export const translateMachines = async (machines: readonly Expanded[]): Promise<readonly Expanded[]> => {
  const pause = makePause();
  for (const { document, pointerOf } of machines) {
    await pause();
    try {
      parseTemplate(document);
    } catch (error) {
      throw withPlaces(error, pointerOf);
    }
  }
  return machines;
};
