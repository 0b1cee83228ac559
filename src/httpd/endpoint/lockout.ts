import { performance } from 'node:perf_hooks';

const firstMs = 1000;
const longestMs = 60_000;

/** A time in which no connection is let in, longer each time that it begins. */
export type Lockout = { readonly begin: () => void; readonly isOn: () => boolean };

export const makeLockout = (): Lockout => {
  let until = -Infinity;
  let ms = firstMs;
  return {
    isOn: () => performance.now() < until,
    begin: () => {
      until = performance.now() + ms;
      ms = Math.min(ms * 2, longestMs);
    },
  };
};
