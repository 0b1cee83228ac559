import { deferred, orAborted } from '../../base/waiting.ts';

/** The builds that a daemon which is stopped leaves running, for the next one to go on with: those whose machine runs. */
export type LetRun = {
  readonly add: (buildId: string) => void;
  readonly remove: (buildId: string) => void;
  readonly has: (buildId: string) => boolean;
  /**
   * Resolves when a step may begin; it never does once builds are being left, and rejects with the signal's reason. What it gives
   * is let go when the step has ended. `mustEnd`: no daemon can go on with the step in the middle.
   */
  readonly enter: (mustEnd: boolean, signal: AbortSignal) => Promise<Disposable>;
  /** From now on no step begins. Resolves when none is under way that must end; rejects with the signal's reason. */
  readonly leave: (signal: AbortSignal) => Promise<void>;
};

export const makeLetRun = (): LetRun => {
  const builds = new Set<string>();
  const never = new Promise<never>(() => undefined);
  const mustEnd = new Set<object>();
  const over = deferred<void>();
  let isLeaving = false;
  const look = () => {
    if (isLeaving && mustEnd.size === 0) over.resolve();
  };
  return {
    add: (id) => void builds.add(id),
    remove: (id) => void builds.delete(id),
    has: (id) => builds.has(id),
    enter: async (must, signal) => {
      if (isLeaving) return orAborted(never, signal);
      const step = {
        [Symbol.dispose]: () => {
          mustEnd.delete(step);
          look();
        },
      };
      if (must) mustEnd.add(step);
      return step;
    },
    leave: (signal) => {
      isLeaving = true;
      look();
      return orAborted(over.promise, signal);
    },
  };
};
