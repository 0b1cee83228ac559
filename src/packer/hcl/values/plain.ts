import { HclError } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { Budget } from './budget.ts';
import { elementsOf, isObject, objectOf, type Value } from './value.ts';

/** A value as JSON has it. */
export type PlainValue =
  | null
  | string
  | number
  | boolean
  | readonly PlainValue[]
  | { readonly [key: string]: PlainValue };

/** The value in the words of JSON. Throws an HclError for a key that no document may have, and TooMuch. */
export const toPlain = (value: Value, at: At, budget: Budget): PlainValue => {
  budget.step(at);
  if (isObject(value)) {
    if (value.has('__proto__')) throw new HclError(at, '"__proto__" is no key for a document');
    return budget.deeper(at, () => Object.fromEntries([...value].map(([key, one]) => [key, toPlain(one, at, budget)])));
  }
  const elements = elementsOf(value);
  if (elements !== undefined) return budget.deeper(at, () => elements.map((one) => toPlain(one, at, budget)));
  if (typeof value === 'string') budget.mayMake(at, value.length);
  return typeof value === 'object' ? null : value;
};

/** A value of JSON or YAML as HCL has it. Throws an HclError for what has no such value, and TooMuch. */
export const fromPlain = (plain: unknown, at: At, budget: Budget): Value => {
  budget.step(at);
  if (plain === null || plain === undefined) return null;
  // As cty does: half of a character becomes the sign for one that is not known.
  if (typeof plain === 'string') return plain.replace(/[\ud800-\udfff]/gu, '\ufffd');
  if (typeof plain === 'boolean') return plain;
  if (typeof plain === 'number' && Number.isFinite(plain)) return plain;
  if (Array.isArray(plain)) return budget.deeper(at, () => plain.map((one) => fromPlain(one, at, budget)));
  if (typeof plain === 'object')
    return budget.deeper(at, () =>
      objectOf(Object.entries(plain).map(([key, one]) => [key, fromPlain(one, at, budget)] as const)),
    );
  throw new HclError(at, `a ${typeof plain} has no value in HCL`);
};
