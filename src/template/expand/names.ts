import type { FieldErrors } from '../../base/field-errors.ts';
import { quoted, type didYouMean } from '../../base/text/nearest.ts';
import { entryOf, itemsOf, type Traced } from './traced.ts';

/** What names of machines are judged by. */
export type NamedMachines = {
  /** Those of all machines. */
  readonly names: readonly string[];
  readonly wrong: FieldErrors;
  /** `didYouMean` within the bound of one request. */
  readonly suggest: typeof didYouMean;
};

/** Wrong where the machine that `given` names, which was written at `pointer`, is none of `names`. */
const checkName = (given: unknown, pointer: string, { names, wrong, suggest }: NamedMachines): void => {
  if (typeof given !== 'string') wrong.add(pointer, 'is no name of a machine');
  else if (!names.includes(given))
    wrong.add(pointer, `is ${quoted(given)}, which is no machine of this template: ${suggest(given, names)}`);
};

/** The names in `only` or `except`; undefined where there is no such list that can be used. */
const namesUnder = (one: Traced, key: 'only' | 'except', machines: NamedMachines): readonly unknown[] | undefined => {
  const { wrong } = machines;
  const list = entryOf(one, key);
  if (list === undefined) return undefined;
  const items = itemsOf(list);
  if (items === undefined || items.length === 0) {
    wrong.add(list.from.pointer, 'is no list of names of machines with at least one: name one, or leave the key out');
    return undefined;
  }
  for (const { value, from } of items) checkName(value, from.pointer, machines);
  return items.map(({ value }) => value);
};

/**
 * Whether something is for a machine, by its `only` and `except` as Packer has them: of the two one at most, with names of
 * machines that there are.
 */
export const isFor = (one: Traced, machine: string, machines: NamedMachines): boolean => {
  const only = namesUnder(one, 'only', machines);
  const except = namesUnder(one, 'except', machines);
  if (only !== undefined && except !== undefined)
    machines.wrong.add(one.from.pointer, 'has both "only" and "except": use one of them');
  return only === undefined ? !(except?.includes(machine) ?? false) : only.includes(machine);
};
