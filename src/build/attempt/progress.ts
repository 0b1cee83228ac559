import type { Clock } from '../../base/clock.ts';

const leastMs = 1000;
const leastPercent = 5;
// Where no end is known: 20 tellings are a growth by a factor of 86.
const leastGrowth = 1.25;

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

/**
 * Tells of bytes that are done, of several files by name: of each as `boundedProgress` where the total is known, else at most
 * once a second, and only when there is a quarter more than was told last.
 */
export const byteProgress = (
  clock: Pick<Clock, 'elapsed'>,
  tell: (name: string, bytes: number, total?: number) => void,
) => {
  const files = new Map<string, { at: number; bytes: number }>();
  return (name: string, bytes: number, total?: number): void => {
    const told = files.get(name) ?? { at: -Infinity, bytes: 0 };
    const now = clock.elapsed();
    const due = total === undefined ? told.bytes * leastGrowth : told.bytes + (total * leastPercent) / 100;
    if (bytes <= told.bytes || bytes < due || now - told.at < leastMs) return;
    files.set(name, { at: now, bytes });
    if (total === undefined) tell(name, bytes);
    else tell(name, bytes, total);
  };
};

/** Tells of progress in percent, of several files by name, of each as `boundedProgress`. */
export const percentProgress = (
  clock: Pick<Clock, 'elapsed'>,
  tell: (name: string, percent: number) => void,
): ((name: string, percent: number) => void) => {
  const files = new Map<string, (percent: number) => void>();
  return (name, percent) => {
    const one = files.get(name) ?? boundedProgress(clock, (now) => tell(name, now));
    files.set(name, one);
    one(percent);
  };
};
