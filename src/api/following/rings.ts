import type { Clock } from '../../base/clock.ts';

/** Those who are to be woken when there may be more for them. */
export type Rings = {
  readonly add: (ring: () => void) => Disposable;
  /** Rings for each of them once from now on, some in each turn of the event loop. */
  readonly ringAll: () => void;
  readonly size: () => number;
};

// What these do when they wake takes some milliseconds, as does the rest that others have of them.
const perTurn = 50;
const restMs = 20;

/**
 * Hundreds who wake at once would hold up every request until the last of them has written. Some are rung for at a time, and
 * then none for a while. Who is to be rung for again before it was is rung for once: the more there are, the more each is told at once.
 */
export const makeRings = (clock: Pick<Clock, 'every'>): Rings => {
  const all = new Set<{ readonly ring: () => void }>();
  const due = new Set<{ readonly ring: () => void }>();
  let resting: Disposable | undefined;
  const turn = () => {
    const now = [...due].slice(0, perTurn);
    for (const one of now) due.delete(one);
    for (const { ring } of now) ring();
  };
  const rested = () => {
    if (due.size > 0) return turn();
    resting?.[Symbol.dispose]();
    resting = undefined;
  };
  return {
    add: (ring) => {
      const own = { ring };
      all.add(own);
      return {
        [Symbol.dispose]: () => {
          all.delete(own);
          due.delete(own);
        },
      };
    },
    ringAll: () => {
      for (const one of all) due.add(one);
      if (resting !== undefined || due.size === 0) return;
      resting = clock.every(restMs, rested);
      turn();
    },
    size: () => all.size,
  };
};
