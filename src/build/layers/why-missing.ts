import { firstDifference, nearestDifference, type KeyDifference } from '../../layers/keys/why.ts';
import type { BuildLayers, Layer } from '../../layers/types.ts';
import type { Cut } from './cuts.ts';

// A hundred provisioners may have a hundred layers each: those at both ends are compared.
const mostAtEachEnd = 10;

type Compared = {
  readonly cut: Cut;
  readonly layers: readonly Layer[];
  readonly differences: readonly KeyDifference[];
};

const compared = async (cut: Cut, templateName: string, shelf: Pick<BuildLayers, 'nearest'>): Promise<Compared> => {
  const layers = await shelf.nearest(templateName, cut.step, undefined);
  const differences = layers.flatMap(({ ingredients }) => firstDifference(cut.ingredients, ingredients) ?? []);
  return { cut, layers, differences };
};

const whyNone = (cut: Cut, all: readonly Compared[], now: number): string => {
  const same = all.flatMap(({ layers }) => layers).find(({ key }) => key === cut.key);
  if (same === undefined) return 'nothing is kept of this step of the template';
  const hasExpired = same.expiresAt !== undefined && same.expiresAt <= now;
  return hasExpired ? 'what was kept may not be used any more: it is too old' : 'what was kept is not whole any more';
};

/**
 * Why nothing is found of each of these cuts of a plan, in their order: the first thing that differs from what was kept, of
 * the same step or of a later one. `unusable`: why what is kept of a cut cannot be used, and with it all that lies over it.
 */
export const whyMissing = async (
  missing: readonly Cut[],
  unusable: ReadonlyMap<Cut, string>,
  templateName: string,
  shelf: Pick<BuildLayers, 'nearest'>,
  now: number,
): Promise<readonly string[]> => {
  const ends = new Set([...missing.slice(0, mostAtEachEnd), ...missing.slice(-mostAtEachEnd)]);
  const all = await Promise.all([...ends].map((cut) => compared(cut, templateName, shelf)));
  return missing.map((cut, at) => {
    const beneath = missing.slice(0, at + 1).find((one) => unusable.has(one));
    if (beneath !== undefined) return unusable.get(beneath) ?? '';
    // What differs behind the cut says nothing of it.
    const within = all.flatMap((one) =>
      one.differences.filter(({ same }) => same < cut.ingredients.length || one.cut === cut),
    );
    return nearestDifference(within)?.words ?? whyNone(cut, all, now);
  });
};
