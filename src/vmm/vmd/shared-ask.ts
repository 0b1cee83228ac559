import type { Clock } from '../../base/clock.ts';
import { orAborted } from '../../base/waiting.ts';

/**
 * Asks something of the host for all who want to know it: one question at a time, and whoever asks while one is under
 * way shares the next, whose answer is younger than their asking. Questions begin at least `apartMs` apart.
 */
export const sharedAsk = <T>(
  ask: () => Promise<T>,
  apartMs: number,
  clock: Clock,
  life: AbortSignal,
): ((signal: AbortSignal) => Promise<T>) => {
  let current: Promise<T> | undefined;
  let next: Promise<T> | undefined;
  let beganAt = -Infinity;

  const begin = async (): Promise<T> => {
    const waitMs = beganAt + apartMs - clock.elapsed();
    if (waitMs > 0) await clock.sleep(waitMs, life);
    beganAt = clock.elapsed();
    return ask();
  };
  const over = () => {
    current = next;
    next = undefined;
  };
  const start = (): Promise<T> => {
    const asked = begin();
    asked.then(over, over);
    return asked;
  };
  const asked = (): Promise<T> => {
    if (current === undefined) return (current = start());
    // What is under way may have been answered before this was asked.
    return (next ??= current.then(start, start));
  };
  return (signal) => orAborted(asked(), signal);
};
