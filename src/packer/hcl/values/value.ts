/**
 * A value of HCL. Lists and tuples are one, as are maps and objects: what tells them apart is the type that a variable
 * asks for. The keys of an object are in order, as everything that goes through them goes in that order.
 */
export type Value = null | string | number | boolean | List | SetOf | Obj;

export type List = readonly Value[];

/** In order, each value once. */
export type SetOf = { readonly set: readonly Value[] };

export type Obj = ReadonlyMap<string, Value>;

export const isList = (value: Value): value is List => Array.isArray(value);

export const isObject = (value: Value): value is Obj => value instanceof Map;

export const isSet = (value: Value): value is SetOf =>
  typeof value === 'object' && value !== null && !isList(value) && !isObject(value);

/** Its elements, of a list or a set; undefined for anything else. */
export const elementsOf = (value: Value): readonly Value[] | undefined =>
  isList(value) ? value : isSet(value) ? value.set : undefined;

/** Puts the keys of an object in order; the last of equal keys counts. */
export const objectOf = (entries: Iterable<readonly [string, Value]>): Obj => {
  const all = new Map(entries);
  const keys = [...all.keys()];
  const isInOrder = keys.every((key, index) => index === 0 || (keys[index - 1] ?? '') < key);
  return isInOrder ? all : new Map(keys.sort().map((key) => [key, all.get(key) ?? null]));
};

/** What a value is, for messages. */
export const kindOf = (value: Value): string => {
  if (value === null) return 'null';
  if (isList(value)) return 'list';
  if (isSet(value)) return 'set';
  if (isObject(value)) return 'object';
  return typeof value === 'boolean' ? 'bool' : typeof value;
};

/** Its kind in a sentence: `a list`, `an object`, `null`. */
export const aKindOf = (value: Value): string => {
  const kind = kindOf(value);
  return kind === 'null' ? kind : `${kind === 'object' ? 'an' : 'a'} ${kind}`;
};
