import { Fault, type FieldError } from '../../base/fault.ts';
import { fieldErrors, ofRequest, withMessage, withPlaces } from '../../base/field-errors.ts';
import { didYouMean, quoted } from '../../base/text/nearest.ts';
import type { BuildAsk, RunAsk } from '../../queue/asked.ts';
import { expandTemplate, type Expanded } from '../../template/expand/expand.ts';
import { hclMachines } from '../../template/expand/hcl.ts';
import { packerMachines } from '../../template/expand/packer.ts';
import { isHclTemplate, isPackerJson } from '../../packer/template-form.ts';
import type { ImportOptions } from '../../packer/import/types.ts';
import type { TemplateAsked } from './template-asked.ts';

/** Where a template is the whole of a request, its variables stand in the query. */
const inRequest = (pointer: string, at: string): string =>
  at === '' ? pointer.replace(/^\/variables\//, 'query:/variable/') : pointer;

/** A place of a template in the request: one in a template that it extends has the name of that in front, and stays. */
export const placedAt = (at: string, pointer: string): string => {
  if (pointer.startsWith(ofRequest)) return inRequest(pointer.slice(ofRequest.length), at);
  return pointer === '' || pointer.startsWith('/') ? at + pointer : pointer;
};

/**
 * The same error for who sent the template: with its places there and, where the template was taken for one of Packer, saying
 * so, for its author may have meant one of imaged.
 */
const forClient = (error: unknown, placeOf: (pointer: string) => string, isPackers: boolean): unknown => {
  const told = withPlaces(error, placeOf);
  return isPackers && told instanceof Fault && told.code === 'template_invalid'
    ? withMessage(told, `${told.message} The template was read as one of Packer, for it has "builders".`)
    : told;
};

/** What a template of Packer is read with. */
export type MachinesReading = {
  readonly options: ImportOptions;
  /** The folder of its context. */
  readonly folder?: string;
};

/**
 * The machines of a template: of imaged's own form or, with a `reading`, of one of Packer's. Throws `template_invalid`; `at` is
 * where the template stands in the request.
 */
export const machinesOf = async (
  { document, bases }: Pick<TemplateAsked, 'document' | 'bases'>,
  at: string,
  reading?: MachinesReading,
): Promise<readonly Expanded[]> => {
  const isPackers = reading !== undefined && isPackerJson(document);
  try {
    if (reading?.folder !== undefined && isHclTemplate(document))
      return await hclMachines(reading.folder, reading.options);
    if (isPackers)
      return (await packerMachines(document, reading.options)).map((machine) => ({ ...machine, isPackers }));
    return expandTemplate(document, bases);
  } catch (error) {
    throw forClient(error, (pointer) => placedAt(at, pointer), isPackers);
  }
};

const refuse = (errors: readonly FieldError[]): Fault => {
  const wrong = fieldErrors();
  for (const { pointer, message } of errors) wrong.add(pointer, message);
  return wrong.fault('template_invalid', 'The build cannot be made from this template');
};

const namesOf = (machines: readonly Expanded[]): readonly string[] => machines.map(({ name }) => name);

const noMachine = (name: string, pointer: string, machines: readonly Expanded[]): FieldError => ({
  pointer,
  message: `is ${quoted(name)}, which is no machine of the template: ${didYouMean(name, namesOf(machines))}`,
});

/** The one machine that a build is made of. Throws `template_invalid` where the template has several and none is named. */
export const oneOf = (machines: readonly Expanded[], { machine }: BuildAsk, at: string): Expanded => {
  const [first, ...others] = machines;
  const named = machine === undefined ? first : machines.find(({ name }) => name === machine);
  if (machine !== undefined && named === undefined) throw refuse([noMachine(machine, '/machine', machines)]);
  if (named === undefined || (machine === undefined && others.length > 0))
    throw refuse([
      {
        pointer: at,
        message: `has the machines ${namesOf(machines).join(', ')}: build all of them with POST /runs, or name one as "machine"`,
      },
    ]);
  return named;
};

/** Whether a run builds a machine. */
export const isChosen = (name: string, { only, except }: Pick<RunAsk, 'only' | 'except'>): boolean =>
  only?.includes(name) ?? !except?.includes(name);

/** The machines that a run is made of. Throws `template_invalid`. */
export const thoseOf = (machines: readonly Expanded[], asked: RunAsk): readonly Expanded[] => {
  const { only, except } = asked;
  const unknown = Object.entries({ only, except }).flatMap(([key, names = []]) =>
    names.flatMap((name, at) => (namesOf(machines).includes(name) ? [] : [noMachine(name, `/${key}/${at}`, machines)])),
  );
  if (unknown.length > 0) throw refuse(unknown);
  const chosen = machines.filter(({ name }) => isChosen(name, asked));
  if (chosen.length === 0) throw refuse([{ pointer: '/except', message: 'leaves no machine to build' }]);
  return chosen;
};

/** Judges one machine; what is wrong with it has its place in the request. */
export const judging = async <T>(
  { pointerOf, isPackers = false }: Expanded,
  at: string,
  judge: () => Promise<T>,
): Promise<T> => {
  try {
    return await judge();
  } catch (error) {
    throw forClient(error, (pointer) => requestPlace(pointer, at, pointerOf), isPackers);
  }
};

/** Where a place of the request is that was told of one machine's own template. */
export const requestPlace = (pointer: string, at: string, pointerOf: Expanded['pointerOf']): string =>
  pointer === at || pointer.startsWith(`${at}/`) ? placedAt(at, pointerOf(pointer.slice(at.length))) : pointer;

/** Judges each machine, and throws all that is wrong with any of them at once. */
export const judgeAll = async <T>(
  machines: readonly Expanded[],
  judge: (machine: Expanded) => Promise<T>,
): Promise<readonly T[]> => {
  const judged: T[] = [];
  const wrong = fieldErrors();
  let refused: Fault | undefined;
  // One after the other: each may take the loop for a while.
  for (const machine of machines)
    try {
      judged.push(await judge(machine));
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'template_invalid') throw error;
      refused ??= error;
      for (const { pointer, message } of error.facts.errors ?? []) wrong.add(pointer, message);
    }
  if (refused === undefined) return judged;
  throw wrong.isEmpty() || machines.length === 1 ? refused : wrong.fault('template_invalid', 'The template is wrong');
};
