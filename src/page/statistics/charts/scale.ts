/** A number at or above this one that people count in: 1, 2, 5, 10, 20 and so on. */
const roundedUp = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(value));
  const digit = [1, 2, 5].find((one) => one * power >= value * (1 - 1e-9)) ?? 10;
  return digit * power;
};

/** Seconds that people count time in. */
const durations = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600] as const;

/**
 * Where the lines of a scale from 0 are: few, at round numbers, the last at or above the largest value. `ofTime`: the values
 * are seconds.
 */
export const ticksFor = (largest: number, unit: 'count' | 'seconds'): readonly number[] => {
  const wanted = 4;
  const least = unit === 'count' ? 1 : 0.1;
  const part = Math.max(least, largest / wanted);
  const step =
    unit === 'seconds' && part > 1
      ? (durations.find((one) => one >= part) ?? 3600 * roundedUp(part / 3600))
      : roundedUp(part);
  const count = Math.max(1, Math.ceil(largest / step - 1e-9));
  return Array.from({ length: count + 1 }, (_none, at) => at * step);
};
