import { isEqual, keyOf } from '../values/compare.ts';
import { elementOf } from '../evaluate/access.ts';
import { charactersOf } from '../values/characters.ts';
import { ofOneType, toText } from '../values/convert.ts';
import { elementsOf, isObject, kindOf, objectOf, type List, type Value } from '../values/value.ts';
import { manyArgs, type HclCall, type FunctionTable } from './kind.ts';

// As many as cty's own makes.
const longestRange = 1024;

const ranged = (call: HclCall): List => {
  const [first, second] = [call.number(0), call.args.length > 1 ? call.number(1) : undefined];
  const [from, to] = second === undefined ? [0, first] : [first, second];
  const step = call.args.length > 2 ? call.number(2) : from <= to ? 1 : -1;
  if (step === 0 || (step > 0 && from > to) || (step < 0 && from < to))
    call.refuse(2, 'the step of a range leads from its start to its end');
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (count > longestRange) call.refuse(0, `a range of ${count} numbers is asked for, and ${longestRange} is the most`);
  return Array.from({ length: count }, (_, index) => from + index * step);
};

const flattened = (value: Value, call: HclCall): List => {
  call.world.budget.step(call.at);
  const elements = elementsOf(value);
  return elements === undefined
    ? [value]
    : call.world.budget.deeper(call.at, () => elements.flatMap((one) => flattened(one, call)));
};

const lengthOf = (call: HclCall): number => {
  const value = call.value(0);
  if (typeof value === 'string') return charactersOf(value, call.at, call.world.budget).length;
  const elements = isObject(value) ? [...value.keys()] : elementsOf(value);
  return elements?.length ?? call.refuse(0, `${kindOf(value)} has no length`);
};

const wrapped = (call: HclCall): Value => {
  const [elements, index] = [call.elements(0), call.whole(1)];
  if (elements.length === 0) call.refuse(0, 'an element of an empty list is asked for');
  if (index < 0) call.refuse(1, `an index counts from 0, and this is ${index}`);
  return elements[index % elements.length] ?? null;
};

const indexOf = (call: HclCall): Value => {
  const wanted = call.value(1);
  const found = call.elements(0).findIndex((one) => isEqual(one, wanted, call.at, call.world.budget));
  return found === -1 ? call.refuse(1, 'is no element of the list') : found;
};

const sliced = (call: HclCall): List => {
  const [elements, from, to] = [call.elements(0), call.whole(1), call.whole(2)];
  if (from < 0 || to < from || to > elements.length)
    call.refuse(1, `a slice lies between 0 and ${elements.length}, and this is ${from} to ${to}`);
  return elements.slice(from, to);
};

const chunks = (call: HclCall): List => {
  const [elements, size] = [ofOneType(call.elements(0), call.place(0)), call.whole(1)];
  if (size < 0) call.refuse(1, `a size counts from 0, and this is ${size}`);
  const each = size === 0 ? Math.max(1, elements.length) : size;
  return Array.from({ length: Math.ceil(elements.length / each) }, (_, index) =>
    elements.slice(index * each, (index + 1) * each),
  );
};

const zipped = (call: HclCall): Value => {
  const [keys, values] = [call.texts(0), call.elements(1)];
  if (keys.length !== values.length) call.refuse(1, `${keys.length} keys and ${values.length} values are given`);
  return objectOf(keys.map((key, index) => [key, values[index] ?? null] as const));
};

const unique = (call: HclCall): List => {
  const seen = new Set<string>();
  return ofOneType(call.elements(0), call.place(0)).filter((one) => {
    const key = keyOf(one, call.place(0), call.world.budget);
    return !seen.has(key) && seen.add(key);
  });
};

const firstThat = (call: HclCall, is: (value: Value) => boolean, what: string): Value => {
  const found = ofOneType(call.args, call.at).find(is);
  return found === undefined ? call.refuse(0, `no argument is ${what}`) : found;
};

export const collections: FunctionTable = {
  alltrue: { takes: [1, 1], gives: (call) => call.elements(0).every((one) => one === true || one === 'true') },
  anytrue: { takes: [1, 1], gives: (call) => call.elements(0).some((one) => one === true || one === 'true') },
  chunklist: { takes: [2, 2], gives: chunks },
  coalesce: {
    takes: [1, manyArgs],
    gives: (call) => firstThat(call, (one) => one !== null && one !== '', 'neither null nor empty'),
  },
  coalescelist: {
    takes: [1, manyArgs],
    gives: (call) => firstThat(call, (one) => (elementsOf(one)?.length ?? 0) > 0, 'a list that is not empty'),
  },
  compact: {
    takes: [1, 1],
    gives: (call) =>
      call.elements(0).flatMap((one) => (one === null || one === '' ? [] : [toText(one, call.place(0))])),
  },
  concat: { takes: [1, manyArgs], gives: (call) => call.args.flatMap((_, index) => call.elements(index)) },
  contains: {
    takes: [2, 2],
    gives: (call) => call.elements(0).some((one) => isEqual(one, call.value(1), call.at, call.world.budget)),
  },
  distinct: { takes: [1, 1], gives: unique },
  element: { takes: [2, 2], gives: wrapped },
  flatten: { takes: [1, 1], gives: (call) => flattened(call.elements(0), call) },
  index: { takes: [2, 2], gives: indexOf },
  keys: { takes: [1, 1], gives: (call) => [...call.object(0).keys()] },
  length: { takes: [1, 1], gives: lengthOf },
  lookup: {
    takes: [3, 3],
    gives: (call) =>
      call.object(0).has(call.text(1)) ? elementOf(call.object(0), call.text(1), call.at) : call.value(2),
  },
  merge: {
    takes: [0, manyArgs],
    gives: (call) => objectOf(call.args.flatMap((arg, index) => (arg === null ? [] : [...call.object(index)]))),
  },
  range: { takes: [1, 3], gives: ranged },
  reverse: { takes: [1, 1], gives: (call) => call.elements(0).toReversed() },
  slice: { takes: [3, 3], gives: sliced },
  sort: { takes: [1, 1], gives: (call) => call.texts(0).toSorted() },
  values: { takes: [1, 1], gives: (call) => [...call.object(0).values()] },
  zipmap: { takes: [2, 2], gives: zipped },
};
