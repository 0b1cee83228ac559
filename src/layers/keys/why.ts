import type { Ingredient } from '../types.ts';

const mapOf = (ingredients: readonly Ingredient[]) => new Map(ingredients.map(({ name, digest }) => [name, digest]));

/** What differs first, and how many ingredients of what is asked for are before it. */
export type KeyDifference = { readonly words: string; readonly same: number };

// A medium may change without a client having sent anything.
const changedWords = (name: string): string =>
  / medium (?:media:)/.test(name) ? `${name} has another digest` : `${name} has changed`;

/** Where in what is asked for something that was kept would stand: behind what it stood behind then. */
const placeOfGone = (asked: readonly Ingredient[], kept: readonly Ingredient[], at: number): number => {
  const [before] = kept.slice(0, at).reverse();
  return before === undefined ? 0 : asked.findIndex(({ name }) => name === before.name) + 1;
};

/** The first thing in which what is asked for differs from what was kept, in words; undefined where nothing does. */
export const firstDifference = (
  asked: readonly Ingredient[],
  kept: readonly Ingredient[],
): KeyDifference | undefined => {
  const [theirs, ours] = [mapOf(kept), mapOf(asked)];
  const other = asked.findIndex(({ name, digest }) => theirs.get(name) !== digest);
  const gone = kept.findIndex(({ name }) => !ours.has(name));
  const goneFrom = gone < 0 ? Infinity : placeOfGone(asked, kept, gone);
  const ingredient = asked[other];
  // One that came in place of another is told, and not the other.
  if (ingredient !== undefined && other <= goneFrom) {
    const words = theirs.has(ingredient.name) ? changedWords(ingredient.name) : `${ingredient.name} is new`;
    return { words, same: other };
  }
  const lost = kept[gone];
  return lost === undefined ? undefined : { words: `${lost.name} is no longer there`, same: goneFrom };
};

/** The difference from what was kept that is nearest: the one that is the same for longest; undefined: there is none. */
export const nearestDifference = (differences: readonly KeyDifference[]): KeyDifference | undefined =>
  differences.toSorted((one, other) => other.same - one.same).at(0);
