import type { At } from '../source.ts';
import type { Budget } from './budget.ts';
import { elementsOf, isList, isObject, isSet, type Value } from './value.ts';

/** Whether two values are the same, as `==` has it: "1" and 1 are not. */
export const isEqual = (one: Value, other: Value, at: At, budget: Budget): boolean => {
  budget.step(at);
  if (isObject(one) && isObject(other))
    return (
      one.size === other.size &&
      [...one].every(([key, value]) => other.has(key) && isEqual(value, other.get(key) ?? null, at, budget))
    );
  const [these, those] = [elementsOf(one), elementsOf(other)];
  if (these !== undefined && those !== undefined)
    return (
      isList(one) === isList(other) &&
      these.length === those.length &&
      these.every((value, index) => isEqual(value, those[index] ?? null, at, budget))
    );
  return one === other;
};

/** A text that is the same for equal values, and no others: what sets and `distinct` look values up by. */
export const keyOf = (value: Value, at: At, budget: Budget): string => {
  budget.step(at);
  if (isObject(value))
    return budget.made(at, `{${[...value].map(([key, one]) => `${JSON.stringify(key)}:${keyOf(one, at, budget)}`).join()}}`); // prettier-ignore
  const elements = elementsOf(value);
  if (elements === undefined) return JSON.stringify(value);
  const inside = elements.map((one) => keyOf(one, at, budget)).join();
  return budget.made(at, isSet(value) ? `<${inside}>` : `[${inside}]`);
};

const rank = (value: Value): number => ['number', 'string', 'boolean'].indexOf(typeof value);

/** The values in the order of a set: numbers by size, then texts, then the rest; each once. */
export const setOf = (values: readonly Value[], at: At, budget: Budget): { readonly set: readonly Value[] } => {
  const unique = new Map(values.map((value) => [keyOf(value, at, budget), value]));
  const order = ([keyOne, one]: [string, Value], [keyOther, other]: [string, Value]): number => {
    if (typeof one === 'number' && typeof other === 'number') return one - other;
    const byRank = rank(one) - rank(other);
    if (byRank !== 0) return byRank;
    if (typeof one === 'string' && typeof other === 'string') return one < other ? -1 : 1;
    return keyOne < keyOther ? -1 : 1;
  };
  return { set: [...unique].sort(order).map(([, value]) => value) };
};
