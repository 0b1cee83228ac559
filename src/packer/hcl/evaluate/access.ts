import { didYouMean, quoted } from '../../../base/text/nearest.ts';
import { HclError } from '../hcl-error.ts';
import type { At } from '../source.ts';
import { toText, toWhole } from '../values/convert.ts';
import { isList, isObject, isSet, aKindOf, type Value } from '../values/value.ts';

/** An attribute of an object. Throws an HclError. */
export const attributeOf = (value: Value, name: string, at: At): Value => {
  if (isObject(value)) {
    const found = value.get(name);
    if (found !== undefined) return found;
    throw new HclError(at, `the object has no ${quoted(name)}: ${didYouMean(name, [...value.keys()])}`);
  }
  const what = aKindOf(value);
  const hint = isList(value) ? `: write [*].${name} for that of each element` : '';
  throw new HclError(at, `${what} has no attributes, and ${quoted(name)} is asked for${hint}`);
};

/** An element of a list by its number, or of an object by its key. Throws an HclError. */
export const elementOf = (value: Value, key: Value, at: At): Value => {
  if (isObject(value)) return attributeOf(value, toText(key, at), at);
  if (isList(value)) {
    const index = toWhole(key, at);
    const found = index < 0 ? undefined : value[index];
    if (found !== undefined) return found;
    const holds = value.length === 0 ? 'it is empty' : `it has 0 to ${value.length - 1}`;
    throw new HclError(at, `the list has no element ${index}: ${holds}`);
  }
  const hint = isSet(value) ? ': its elements have no order; make a list of it with convert(..., list(string))' : '';
  throw new HclError(at, `${aKindOf(value)} has no elements to choose from${hint}`);
};
