import { numberText } from '../values/number-text.ts';
import { elementsOf, isObject, type Value } from '../values/value.ts';

/** The texts within a value, as they would be seen. Shared parts count once. */
export const textsIn = (value: Value, seen = new Set<Value>()): readonly string[] => {
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (typeof value === 'number') return [numberText(value)];
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  seen.add(value);
  const elements = isObject(value) ? [...value.values()] : (elementsOf(value) ?? []);
  return elements.flatMap((one) => textsIn(one, seen));
};
