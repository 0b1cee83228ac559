import type { Ingredient } from '../types.ts';

const mapOf = (ingredients: readonly Ingredient[]) => new Map(ingredients.map(({ name, digest }) => [name, digest]));

/** The first thing in which what is asked for differs from what was kept, in words; undefined where nothing does. */
export const firstDifference = (
  asked: readonly Ingredient[],
  kept: readonly Ingredient[],
): { readonly words: string; readonly same: number } | undefined => {
  const theirs = mapOf(kept);
  for (const [same, { name, digest }] of asked.entries()) {
    const before = theirs.get(name);
    if (before === undefined) return { words: `${name} is new`, same };
    if (before !== digest) return { words: `${name} has changed`, same };
  }
  const ours = mapOf(asked);
  const gone = kept.find(({ name }) => !ours.has(name));
  return gone === undefined ? undefined : { words: `${gone.name} is no longer there`, same: asked.length };
};

/** Why nothing was found, by what was kept that is nearest: the one that is the same for longest. */
export const whyMissed = (
  asked: readonly Ingredient[],
  near: readonly { readonly ingredients: readonly Ingredient[] }[],
): string => {
  const differences = near.flatMap(({ ingredients }) => firstDifference(asked, ingredients) ?? []);
  const nearest = differences.toSorted((one, other) => other.same - one.same).at(0);
  if (nearest !== undefined) return nearest.words;
  return near.length === 0 ? 'nothing is kept of this step of the template' : 'it was kept and has gone';
};
