import type { Clock } from '../base/clock.ts';

const leastMs = 1000;
const leastPercent = 5;

/** Tells of progress in steps of at least 5 %, at most once a second: no more than 20 times. */
export const boundedProgress = (clock: Pick<Clock, 'elapsed'>, tell: (percent: number) => void) => {
  let told = { at: -Infinity, percent: 0 };
  return (percent: number): void => {
    const now = clock.elapsed();
    if (percent - told.percent < leastPercent || now - told.at < leastMs) return;
    told = { at: now, percent };
    tell(Math.floor(percent));
  };
};
