import { snakeName } from '../../base/json/snake-case.ts';
import type { Named } from './look-into.ts';

// Deeper than this, what is there is one value: no template has more below a key.
const mostDeep = 4;

const isGroup = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !('runtime' in value) && !('shown' in value);

/** A text with values of the machine, or a list of plain words, is one value; a list of other things is taken apart. */
const isTakenApart = (value: unknown): value is object =>
  isGroup(value) && (!Array.isArray(value) || (value.length > 0 && value.every((one) => isGroup(one) && !Array.isArray(one)))); // prettier-ignore

/** What is below a place, by the way to it; keys further down are in the words of the template, or a client's own. */
const below = (at: string, value: unknown, depth: number): readonly Named[] => {
  if (depth === 0 || !isTakenApart(value)) return value === undefined ? [] : [[at, value]];
  return Object.entries(value).flatMap(([key, inner]) => below(`${at}/${key}`, inner, depth - 1));
};

/**
 * What is below a place of a template, each value by the way to it: `machine/nics/0/mtu`. The keys of `values` are in camel
 * case, and told as the template has them. The names are for people: two values may have the same.
 */
export const namedBelow = (at: string, values: object): readonly Named[] =>
  Object.entries(values).flatMap(([key, value]) => below(at + snakeName(key), value, mostDeep));
