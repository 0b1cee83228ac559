import type { Clock } from '../base/clock.ts';

/** How many bytes must come within each `windowMs`. */
export type LeastRate = { readonly bytes: number; readonly windowMs: number };

/**
 * Watches how fast bytes come: told of each piece, it says why they come too slowly, or gives undefined. What comes not at
 * all it does not see.
 */
export const rateWatch = (
  least: LeastRate | undefined,
  clock: Pick<Clock, 'elapsed'>,
): ((bytes: number) => string | undefined) => {
  let since = clock.elapsed();
  let came = 0;
  return (bytes) => {
    came += bytes;
    if (least === undefined || clock.elapsed() - since < least.windowMs) return undefined;
    if (came < least.bytes) return `only ${came} bytes came in ${Math.round(least.windowMs / 1000)} s`;
    since = clock.elapsed();
    came = 0;
    return undefined;
  };
};
