import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';

/** Ends at once, or, where the work has kept the event loop for long enough, after everybody else has had their turn. */
export type Rest = () => Promise<void>;

// A request that comes meanwhile waits for a few of these.
const longestMs = 8;

/** For work of unknown length on the event loop: call it often, between any two parts of the work. */
export const makeRest = (): Rest => {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < longestMs) return;
    await setImmediate();
    since = performance.now();
  };
};
