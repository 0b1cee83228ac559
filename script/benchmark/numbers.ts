/** Figures of repeated measurements. */

export type Spread = { readonly median: number; readonly min: number; readonly max: number };

/** The value below which the share `q` (0 to 1) of the numbers lies, by the nearest rank. Throws for no numbers. */
export const quantile = (numbers: readonly number[], q: number): number => {
  const found = numbers.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(q * numbers.length) - 1)];
  if (found === undefined) throw new RangeError('there is nothing to take a quantile of');
  return found;
};

export const spread = (numbers: readonly number[]): Spread => ({
  median: quantile(numbers, 0.5),
  min: quantile(numbers, 0),
  max: quantile(numbers, 1),
});

/** "1.08 (1.05 to 1.12)": median, least, most. */
export const showSpread = ({ median, min, max }: Spread, digits: number): string =>
  `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
