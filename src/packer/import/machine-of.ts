import { fieldErrors } from '../../base/field-errors.ts';
import { quoted } from '../../base/nearest.ts';
import type { Note } from '../../base/notes.ts';
import type { Fault } from '../../base/fault.ts';
import { isObject } from './keys.ts';
import { importPacker } from './import-packer.ts';
import type { ImportedMachine, ImportOptions } from './types.ts';

/** The one machine of a template, with what is to be noted of it. */
export type OneMachine = ImportedMachine & { readonly notes: readonly Note[] };

/** Translates a Packer template of one builder. Throws `template_invalid`, also where there are several: then it names them. */
export const importOne = (document: unknown, options: ImportOptions): OneMachine => {
  const builders = isObject(document) && Array.isArray(document['builders']) ? document['builders'] : [];
  if (builders.length > 1) throw several(builders);
  const { machines, notes } = importPacker(document, options);
  const [machine] = machines;
  if (machine === undefined) throw several([]);
  return { ...machine, notes };
};

/** Told before anything is translated, which for many builders would take its time. */
const several = (builders: readonly unknown[]): Fault => {
  const wrong = fieldErrors();
  const given = builders.map((builder) => (isObject(builder) ? (builder['name'] ?? builder['type']) : undefined));
  const names = given.slice(0, 10).flatMap((name) => (typeof name === 'string' ? [quoted(name)] : [])).join(', '); // prettier-ignore
  wrong.add(
    '/builders',
    `has ${builders.length} builders (${names}), and a build makes one machine: POST /runs builds them all, POST /templates/import gives each as a template of its own`,
  );
  return wrong.fault('template_invalid', 'The Packer template has several machines');
};
