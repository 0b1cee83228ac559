import type { Clock } from '../../base/clock.ts';

// As long as a person needs to read a number, and short enough to tell that the line has become slow.
const windowMs = 3000;

/** Bytes a second of the last three seconds, from how much there is at each moment that it is told. */
export const rateOf = (clock: Pick<Clock, 'elapsed'>): ((have: number) => number) => {
  let seen: readonly { readonly at: number; readonly have: number }[] = [];
  return (have) => {
    const at = clock.elapsed();
    // One from before the window, so that there is something to compare with.
    const old = seen.findLastIndex((one) => one.at < at - windowMs);
    seen = [...seen.slice(Math.max(0, old)), { at, have }];
    const first = seen[0] ?? { at, have };
    return at === first.at ? 0 : Math.max(0, ((have - first.have) / (at - first.at)) * 1000);
  };
};
