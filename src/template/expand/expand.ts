import { atMost, bounds } from '../../base/bounds.ts';
import { fieldErrors } from '../../base/field-errors.ts';
import { maxFieldErrors, suggestions } from '../../base/text/nearest.ts';
import { documentName, documentNameRule } from '../../base/records/names.ts';
import type { Note } from '../../base/notes.ts';
import type { NamedMachines } from './names.ts';
import { partsOf, postProcessorsFor, provisionersFor, withInherited } from './provisioners.ts';
import { entriesOf, entryOf, isObject, merge, objectOf, placeOf, traced, type Traced } from './traced.ts';

/** One machine of a template. */
export type Expanded = {
  readonly name: string;
  /** The template's name, where it is not the machine's own. */
  readonly template?: string;
  /** It was translated from a template of Packer's in JSON. */
  readonly isPackers?: boolean;
  /** A template of this machine alone; `parseTemplate` judges it. */
  readonly document: unknown;
  /** Values of its variables, in place of those that were sent: what was sent has been worked in. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Where `pointerOf` leads, or in a file: `name:line:column`. */
  readonly notes: readonly Note[];
  /**
   * Where a place in `document` stands in what the client sent: a pointer, or, in a template that it extends, one behind
   * the name of that, `openbsd@3:/machine`.
   */
  readonly pointerOf: (pointer: string) => string;
};

/** A stored template that another extends; `named` is its name and version. */
export type BaseTemplate = { readonly named: string; readonly document: unknown };

// What is the template's as a whole, and no machine's.
const wholeKeys = ['extends', 'parts', 'machines'] as const;

/** One document merged over another: as any value, but for the provisioners. */
const mergeDocuments = (under: Traced, over: Traced): Traced => {
  const entries = new Map(entriesOf(merge(under, over)));
  const list = withInherited(entryOf(under, 'provisioners'), entryOf(over, 'provisioners'));
  if (list !== undefined && entries.has('provisioners')) entries.set('provisioners', list);
  return objectOf(entries, over.from.pointer);
};

const namesOf = (machines: Traced): readonly string[] => [...entriesOf(machines).keys()];

const checkMachines = (
  machines: Traced,
  document: Traced,
  { wrong, suggest }: Pick<NamedMachines, 'wrong' | 'suggest'>,
): void => {
  const { value, from } = machines;
  if (!isObject(value) || namesOf(machines).length === 0)
    return wrong.add(from.pointer, 'is no object of names of machines, at least one, with what each has of its own');
  const [isFew, message] = atMost(bounds.machines, 'machines');
  if (!isFew(value)) wrong.add(from.pointer, message);
  const declared = namesOf(entryOf(document, 'variables') ?? traced({}));
  for (const [name, machine] of entriesOf(machines)) {
    const { pointer } = machine.from;
    if (!documentName.test(name)) wrong.add(pointer, `is no name of a machine: ${documentNameRule}`);
    if (!isObject(machine.value)) wrong.add(pointer, 'is no object of keys of a template');
    for (const key of ['name', ...wholeKeys])
      if (entryOf(machine, key)) wrong.add(`${pointer}/${key}`, 'is the template’s as a whole: it stands at its top');
    for (const [variable, { from: at }] of entriesOf(entryOf(machine, 'variables') ?? traced({})))
      if (!declared.includes(variable))
        wrong.add(at.pointer, `is not declared at the top of the template: ${suggest(variable, declared)}`);
  }
};

/** The template as it is for one of its machines. */
const forMachine = (
  shared: Traced,
  machine: string,
  own: Traced | undefined,
  facts: NamedMachines & { readonly parts: ReadonlyMap<string, Traced> },
): Traced => {
  const merged = own === undefined ? shared : mergeDocuments(shared, own);
  const entries = new Map(entriesOf(merged));
  if (own !== undefined) entries.set('name', { value: machine, from: own.from });
  const provisioners = entries.get('provisioners');
  if (provisioners !== undefined) entries.set('provisioners', provisionersFor(provisioners, { ...facts, machine }));
  const postProcessors = entries.get('post_processors');
  if (Array.isArray(postProcessors?.value))
    entries.set('post_processors', postProcessorsFor(postProcessors, { ...facts, machine }));
  return objectOf(entries, '');
};

/** Whether there is anything that `parseTemplate` does not take as it stands. */
const isPlain = (document: Traced): boolean => {
  const lists = ['provisioners', 'post_processors'].map((key) => entryOf(document, key)?.value);
  const isOwn = (value: unknown) =>
    isObject(value) && ['part', 'only', 'except', 'override'].some((key) => key in value);
  return (
    wholeKeys.every((key) => entryOf(document, key) === undefined) &&
    lists.every((list) => !Array.isArray(list) || !list.flat().some(isOwn))
  );
};

/**
 * The machines of a template, each as a template of its own: what stands under `machines` merged over what stands at the
 * top, parts in place of their names, and of provisioners and post-processors those that are for the machine. A template
 * without `machines` is one machine of the template's name. `bases` are the templates that it extends, the nearest first.
 * Pure. Throws `template_invalid` with places as `pointerOf` gives them.
 */
export const expandTemplate = (document: unknown, bases: readonly BaseTemplate[] = []): readonly Expanded[] => {
  const sent = traced(document);
  const nameIn = (value: unknown) => (typeof value === 'string' ? value : '');
  if (!isObject(document) || isPlain(sent))
    return [{ name: nameIn(entryOf(sent, 'name')?.value), document, notes: [], pointerOf: (pointer) => pointer }];
  const [wrong, suggest] = [fieldErrors(), suggestions()];
  const whole = bases
    .map(({ named, document: base }) => traced(base, `${named}:`))
    .reduceRight<Traced | undefined>((under, over) => (under ? mergeDocuments(under, over) : over), undefined);
  const merged = whole === undefined ? sent : mergeDocuments(whole, sent);
  const machines = entryOf(merged, 'machines');
  if (machines !== undefined) checkMachines(machines, merged, { wrong, suggest });
  // What is said of each machine is judged with all of them.
  if (machines !== undefined && namesOf(machines).length > bounds.machines)
    throw wrong.fault('template_invalid', 'The template is wrong');
  const template = nameIn(entryOf(merged, 'name')?.value);
  const names = machines === undefined ? [template] : namesOf(machines);
  const facts = { names, parts: partsOf(merged, wrong), wrong, suggest };
  const isShared = (key: string) => !wholeKeys.some((other) => other === key);
  const shared = objectOf(new Map([...entriesOf(merged)].filter(([key]) => isShared(key))), '');
  const expanded: Expanded[] = [];
  for (const name of names) {
    // Nothing more would be told.
    if (wrong.told().length === maxFieldErrors) break;
    const one = forMachine(shared, name, machines && entryOf(machines, name), facts);
    expanded.push({
      ...{ name, document: one.value, notes: [] },
      ...(machines === undefined ? {} : { template }),
      pointerOf: (pointer: string) => placeOf(one, pointer),
    });
  }
  if (!wrong.isEmpty()) throw wrong.fault('template_invalid', 'The template is wrong');
  return expanded;
};
