import { HclError } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { Loop } from '../syntax/ast.ts';
import { elementsOf, isObject, isSet, aKindOf, type Value } from '../values/value.ts';
import { within, type HclScope } from './scope.ts';

type Entry = { readonly key: Value; readonly value: Value };

/** Keys and values of a list, a set, whose values are their keys, or an object. Throws an HclError. */
export const entriesOf = (value: Value, at: At): readonly Entry[] => {
  if (isObject(value)) return [...value].map(([key, one]) => ({ key, value: one }));
  const elements = elementsOf(value);
  if (elements === undefined)
    throw new HclError(at, `a list, a set or an object is needed to go through, and this is ${aKindOf(value)}`); // prettier-ignore
  return elements.map((one, index) => ({ key: isSet(value) ? one : index, value: one }));
};

/** The scope of each round of a loop over the value. */
export const roundsOf = (loop: Loop, value: Value, scope: HclScope): readonly HclScope[] =>
  entriesOf(value, loop.over.at).map((entry) => {
    scope.world.budget.step(loop.over.at);
    return within(scope, {
      ...(loop.keyName === undefined ? {} : { [loop.keyName]: entry.key }),
      [loop.valueName]: entry.value,
    });
  });
