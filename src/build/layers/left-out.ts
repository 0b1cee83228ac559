import type { Spec } from '../../template/spec.ts';
import { recipeFor } from '../recipe.ts';
import type { Cut } from './cuts.ts';
import { noLayering, type Taken } from './layering.ts';

/** The steps of the plan that a build leaves out which goes on from a layer, by their names. */
export const leftOutBy = (spec: Spec, cuts: readonly Cut[], from: Taken | undefined): ReadonlySet<string> => {
  if (from === undefined) return new Set();
  const run = new Set(recipeFor(spec, { ...noLayering, cuts, from }).steps.map(({ name }) => name));
  const planned = recipeFor(spec).steps.map(({ name }) => name);
  return new Set(planned.filter((name) => !run.has(name)));
};
