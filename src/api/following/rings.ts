import type { Clock } from '../../base/clock.ts';

/** Those who are to be woken when there may be more for them. */
export type Rings = {
  readonly add: (ring: () => void) => Disposable;
  /** Rings for each of them once from now on, for some at a time. */
  readonly ringAll: () => void;
  readonly size: () => number;
};

// So many are woken at once, which takes some milliseconds; then other requests have the event loop for so long.
const perTurn = 50;
const restMs = 20;

/**
 * Hundreds who wake at once would hold up every request until the last of them has written, so they are woken in groups. News that
 * comes while somebody waits for his turn costs no second turn: the more follow, the fewer and longer the pieces that each is sent.
 */
export const makeRings = (clock: Pick<Clock, 'every'>): Rings => {
  const all = new Set<{ readonly ring: () => void }>();
  const due = new Set<{ readonly ring: () => void }>();
  let resting: Disposable | undefined;
  const turn = () => {
    let left = perTurn;
    for (const one of due) {
      due.delete(one);
      one.ring();
      left -= 1;
      if (left === 0) return;
    }
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
