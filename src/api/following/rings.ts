/** Those who are to be woken when there may be more for them. */
export type Rings = {
  readonly add: (ring: () => void) => Disposable;
  /** Rings for each of them once from now on, some in each turn of the event loop. */
  readonly ringAll: () => void;
  readonly size: () => number;
};

// What these do when they wake takes some milliseconds.
const perTurn = 50;

/**
 * Hundreds who wake at once would hold up every request until the last of them has written. Who is to be rung for again
 * before it was is rung for once.
 */
export const makeRings = (): Rings => {
  const all = new Set<{ readonly ring: () => void }>();
  const due = new Set<{ readonly ring: () => void }>();
  let isTurning = false;
  const turn = () => {
    const now = [...due].slice(0, perTurn);
    for (const one of now) due.delete(one);
    isTurning = due.size > 0;
    if (isTurning) setImmediate(turn);
    for (const { ring } of now) ring();
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
      if (!isTurning) turn();
    },
    size: () => all.size,
  };
};
