import { fieldErrors } from '../../base/field-errors.ts';
import { quoted } from '../../base/nearest.ts';
import type { Note } from '../../base/notes.ts';
import { importPacker } from './import-packer.ts';
import type { ImportedMachine, ImportOptions } from './types.ts';

/** The one machine of a template, with what is to be noted of it. */
export type OneMachine = ImportedMachine & { readonly notes: readonly Note[] };

/** Translates a Packer template of one builder. Throws `template_invalid`, also where there are several: then it names them. */
export const importOne = (document: unknown, options: ImportOptions): OneMachine => {
  const { machines, notes } = importPacker(document, options);
  const [machine, ...others] = machines;
  if (machine !== undefined && others.length === 0) return { ...machine, notes };
  const wrong = fieldErrors();
  const names = machines.map(({ name }) => quoted(name)).join(', ');
  wrong.add(
    '/builders',
    `has ${machines.length} builders (${names}), and a build makes one machine: POST /runs builds them all, POST /templates/import gives each as a template of its own`,
  );
  throw wrong.fault('template_invalid', 'The Packer template has several machines');
};
