/**
 * Work of unknown length takes turns on the event loop: one part of one work in each of its rounds, however many
 * there are, and everything else in between.
 */

import { performance } from 'node:perf_hooks';

const waiting: (() => void)[] = [];
let isAsked = false;

const ask = () => {
  isAsked = true;
  setImmediate(() => {
    isAsked = false;
    waiting.shift()?.();
    if (waiting.length > 0) ask();
  });
};

/** Resolves when it is this work's turn: in a round of the event loop that no other work has. */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    waiting.push(resolve);
    if (!isAsked) ask();
  });

/** Ends at once, or, where the work has kept the event loop for long enough, when it is its turn again. */
export type TurnPause = () => Promise<void>;

const longestMs = 8;

/** For one piece of work: call it often, between any two parts. */
export const makePause = (): TurnPause => {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < longestMs) return;
    await turn();
    since = performance.now();
  };
};
