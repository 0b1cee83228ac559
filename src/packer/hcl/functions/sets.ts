import { keyOf, setOf } from '../values/compare.ts';
import { isSet, type Value } from '../values/value.ts';
import { manyArgs, type Call, type FunctionTable } from './kind.ts';

const intersection = (call: Call): Value => {
  const { budget } = call.world;
  const others = call.args
    .slice(1)
    .map((_, index) => new Set(call.elements(index + 1).map((one) => keyOf(one, call.at, budget))));
  const kept = call.elements(0).filter((one) => {
    const key = keyOf(one, call.at, budget);
    return others.every((other) => other.has(key));
  });
  return setOf(kept, call.at, budget);
};

/** Every combination: of lists a list, of sets a set. */
const product = (call: Call): Value => {
  const lists = call.args.map((_, index) => call.elements(index));
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
    gives: (call) =>
      setOf(call.args.flatMap((_, index) => call.elements(index)), call.at, call.world.budget), // prettier-ignore
  },
};
