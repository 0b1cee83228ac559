import { hclBounds } from '../../../base/bounds.ts';
import { TooMuch } from '../hcl-error.ts';
import type { At } from '../source.ts';
import { isObject, type Value } from './value.ts';

/** What working out a template may come to, all in all. Each method throws TooMuch beyond it. */
export type Budget = {
  /** Counts steps: of an expression, or of a function for each element that it looks at. */
  readonly step: (at: At, steps?: number) => void;
  /** Counts what was made: the characters of a text, the elements of a list. Gives it. */
  readonly made: <T extends Value>(at: At, value: T) => T;
  /** Refuses a text that would be longer than one may be, before it is made. */
  readonly mayMake: (at: At, characters: number) => void;
  /** Works out something that lies deeper. */
  readonly deeper: <T>(at: At, work: () => T) => T;
};

const elementsIn = (value: Value): number => {
  if (typeof value !== 'object' || value === null) return 1;
  return isObject(value) ? value.size : 'set' in value ? value.set.length : value.length;
};

export const makeBudget = (): Budget => {
  let stepsLeft: number = hclBounds.steps;
  let charactersLeft: number = hclBounds.characters;
  let depth = 0;
  const step = (at: At, steps = 1) => {
    stepsLeft -= steps;
    if (stepsLeft < 0) throw new TooMuch(at, `the template takes more than ${hclBounds.steps} steps to work out`);
  };
  const mayMake = (at: At, characters: number) => {
    if (characters > hclBounds.textCharacters)
      throw new TooMuch(at, `makes a text of more than ${hclBounds.textCharacters} characters`);
    charactersLeft -= characters;
    if (charactersLeft < 0)
      throw new TooMuch(at, `all texts of the template come to more than ${hclBounds.characters} characters`);
  };
  return {
    step,
    mayMake,
    made: (at, value) => {
      if (typeof value === 'string') mayMake(at, value.length);
      else step(at, elementsIn(value));
      return value;
    },
    deeper: (at, work) => {
      depth += 1;
      if (depth > hclBounds.evaluationDepth)
        throw new TooMuch(at, `needs more than ${hclBounds.evaluationDepth} levels of expressions to work out`);
      try {
        return work();
      } finally {
        depth -= 1;
      }
    },
  };
};
