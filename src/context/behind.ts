import { makeSemaphore } from '../base/semaphore.ts';

// Node has four threads for files: some are left to others, and a disk that is asked for several flushes at once does them together.
const most = 3;

/** What is done behind the caller's back, a few at a time. */
export type Behind = {
  /**
   * Begins with `first` when it is its turn, resolves when that has ended, and goes on with what that gives. Throws what `first` threw,
   * or what went on behind has.
   */
  readonly begin: (first: () => Promise<() => Promise<void>>) => Promise<void>;
  /** Resolves when all of it has ended. Throws what any of it threw. */
  readonly ended: () => Promise<void>;
};

export const makeBehind = (signal: AbortSignal): Behind => {
  const semaphore = makeSemaphore(most);
  const under = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const throwFailure = () => {
    if (failures.length > 0) throw failures[0];
  };
  return {
    begin: async (first) => {
      const turn = await semaphore.take(signal);
      try {
        throwFailure();
        const rest = await first();
        const mine: Promise<void> = rest()
          .catch((error: unknown) => void failures.push(error))
          .finally(() => {
            under.delete(mine);
            turn[Symbol.dispose]();
          });
        under.add(mine);
      } catch (error) {
        turn[Symbol.dispose]();
        throw error;
      }
    },
    ended: async () => {
      await Promise.all(under);
      throwFailure();
    },
  };
};
