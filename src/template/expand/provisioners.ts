import { bounds } from '../../base/bounds.ts';
import type { FieldErrors } from '../../base/field-errors.ts';
import { quoted } from '../../base/text/nearest.ts';
import { isFor, type NamedMachines } from './names.ts';
import { entriesOf, entryOf, isObject, itemsOf, listOf, merge, objectOf, traced, type Traced } from './traced.ts';

/** The name that stands for the provisioners of what a document is merged over. */
const inherited = 'base';

const isUse = ({ value }: Traced): boolean => isObject(value) && 'part' in value;

const isInherited = (one: Traced): boolean => entryOf(one, 'part')?.value === inherited;

/**
 * The provisioners of a document that is merged over another: its own in place of those, or with those where it has
 * `{ "part": "base" }`. Undefined where neither has any.
 */
export const withInherited = (under: Traced | undefined, over: Traced | undefined): Traced | undefined => {
  const mine = itemsOf(over);
  if (over === undefined || mine === undefined || !mine.some(isInherited)) return over ?? under;
  const theirs = itemsOf(under) ?? [];
  return listOf(
    mine.flatMap((one) => (isInherited(one) ? theirs : [one])).slice(0, bounds.provisioners + 1),
    over.from.pointer,
  );
};

type Facts = NamedMachines & {
  /** The machine that the provisioners are for. */
  readonly machine: string;
  /** Lists of provisioners by name. */
  readonly parts: ReadonlyMap<string, Traced>;
};

const machineKeys: readonly string[] = ['only', 'except', 'override'];

const without = (one: Traced, keys: readonly string[]): Traced =>
  objectOf(new Map([...entriesOf(one)].filter(([key]) => !keys.includes(key))), one.from.pointer);

/** What `override` says for a machine. Its keys are names of machines, its values keys of the provisioner. */
const overrideFor = (one: Traced, { machine, names, wrong, suggest }: Facts): Traced | undefined => {
  const override = entryOf(one, 'override');
  if (override === undefined) return undefined;
  if (!isObject(override.value)) {
    wrong.add(override.from.pointer, 'is no object of names of machines with what is other for each');
    return undefined;
  }
  for (const [name, { value, from }] of entriesOf(override)) {
    if (!names.includes(name)) wrong.add(from.pointer, `is no machine of this template: ${suggest(name, names)}`);
    if (!isObject(value)) wrong.add(from.pointer, 'is no object of keys of the provisioner');
    else
      for (const key of ['type', ...machineKeys].filter((fixed) => fixed in value))
        wrong.add(`${from.pointer}/${key}`, 'is a key that no machine can have otherwise');
  }
  return entryOf(override, machine);
};

/** A provisioner as it is for one machine, without what is said of others; undefined where it is not for this one. */
const forMachine = (one: Traced, facts: Facts): Traced | undefined => {
  const { value } = one;
  if (!isObject(value) || !machineKeys.some((key) => key in value)) return one;
  const isMine = isFor(one, facts.machine, facts);
  const mine = overrideFor(one, facts);
  if (!isMine) return undefined;
  const plain = without(one, machineKeys);
  return mine === undefined ? plain : merge(plain, mine);
};

/** The provisioners that `{ "part": NAME }` stands for. */
const partOf = (use: Traced, facts: Facts): readonly Traced[] => {
  const { machine, parts, wrong, suggest } = facts;
  for (const [key, { from }] of entriesOf(use))
    if (!['part', 'only', 'except'].includes(key))
      wrong.add(from.pointer, 'stands beside "part": a use of a part takes "only" and "except" alone');
  const { value: name, from } = entryOf(use, 'part') ?? traced(undefined);
  const items = typeof name === 'string' ? itemsOf(parts.get(name)) : undefined;
  if (name === inherited)
    wrong.add(
      from.pointer,
      'is "base", and there is nothing that this list is merged over: see "extends" and "machines"',
    );
  else if (items === undefined)
    wrong.add(from.pointer, `names no part: ${suggest(typeof name === 'string' ? name : '', [...parts.keys()])}`);
  return isFor(use, machine, facts) ? (items ?? []) : [];
};

/** The parts of a template by name. */
export const partsOf = (document: Traced, wrong: FieldErrors): ReadonlyMap<string, Traced> => {
  const parts = entryOf(document, 'parts');
  if (parts === undefined) return new Map();
  if (!isObject(parts.value)) wrong.add(parts.from.pointer, 'is no object of names with lists of provisioners');
  const named = entriesOf(parts);
  if (named.size > bounds.parts) wrong.add(parts.from.pointer, `has more than ${bounds.parts} parts`);
  for (const [name, part] of named) {
    const { pointer } = part.from;
    if (name === inherited) wrong.add(pointer, 'is a name with a meaning of its own: call the part otherwise');
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
      wrong.add(pointer, `is ${quoted(name)}: a name of a part is letters, digits and . _ -, at most 64`);
    const items = itemsOf(part);
    if (items === undefined) wrong.add(pointer, 'is no list of provisioners');
    // Parts within parts could double from one to the next.
    for (const item of items ?? [])
      if (isUse(item)) wrong.add(item.from.pointer, 'uses a part, and stands in one: name its provisioners here');
  }
  return named;
};

/** The provisioners of one machine: parts in place of their names, only those that are for it, as they are for it. */
export const provisionersFor = (list: Traced, facts: Facts): Traced => {
  const items = itemsOf(list);
  if (items === undefined) return list;
  const whole: Traced[] = [];
  for (const item of items) {
    whole.push(...(isUse(item) ? partOf(item, facts) : [item]));
    // One more than there may be is enough to be told of it.
    if (whole.length > bounds.provisioners) break;
  }
  return listOf(
    whole.flatMap((one) => forMachine(one, facts) ?? []),
    list.from.pointer,
  );
};

/** The post-processors that are for one machine, without `only` and `except`. A sequence of which nothing is for it is left out. */
export const postProcessorsFor = (list: Traced, facts: Facts): Traced =>
  listOf(
    (itemsOf(list) ?? []).flatMap((one) => {
      const { value } = one;
      if (Array.isArray(value)) {
        const mine = postProcessorsFor(one, facts);
        return value.length > 0 && itemsOf(mine)?.length === 0 ? [] : [mine];
      }
      if (!isObject(value) || !('only' in value || 'except' in value)) return [one];
      return isFor(one, facts.machine, facts) ? [without(one, ['only', 'except'])] : [];
    }),
    list.from.pointer,
  );
