import { keyOf, setOf } from '../values/compare.ts';
import { ofOneType } from '../values/convert.ts';
import { isSet, type List, type Value } from '../values/value.ts';
import { manyArgs, type HclCall, type FunctionTable } from './kind.ts';

/** The elements of each argument, all of one type. */
const alike = (call: HclCall): readonly List[] => {
  const lists = call.args.map((_, index) => call.elements(index));
  const all = ofOneType(lists.flat(), call.at);
  let from = 0;
  return lists.map(({ length }) => all.slice(from, (from += length)));
};

const intersection = (call: HclCall): Value => {
  const { budget } = call.world;
  const [first = [], ...rest] = alike(call);
  const others = rest.map((elements) => new Set(elements.map((one) => keyOf(one, call.at, budget))));
  const kept = first.filter((one) => {
    const key = keyOf(one, call.at, budget);
    return others.every((other) => other.has(key));
  });
  return setOf(kept, call.at, budget);
};

/** Every combination: of lists a list, of sets a set. */
const product = (call: HclCall): Value => {
  const lists = call.args.map((_, index) => ofOneType(call.elements(index), call.place(index)));
  // Of none there is none, and what the others come to without it is not made.
  const isNone = lists.some(({ length }) => length === 0);
  call.world.budget.step(call.at, lists.reduce((count, { length }) => count * length, 1) * lists.length);
  const rows = (isNone ? [[]] : lists).reduce<readonly (readonly Value[])[]>(
    (before, list) => before.flatMap((row) => list.map((one) => [...row, one])),
    [[]],
  );
  return call.args.every(isSet) ? setOf(rows, call.at, call.world.budget) : rows;
};

export const sets: FunctionTable = {
  setintersection: { takes: [1, manyArgs], gives: intersection },
  setproduct: { takes: [2, 100], gives: product },
  setunion: {
    takes: [1, manyArgs],
    gives: (call) => setOf(alike(call).flat(), call.at, call.world.budget),
  },
};
