import { settled } from '../waiting.ts';

/** Lets at most so many go on at once, the others in the order in which they came. */
export type Turns = { readonly take: (signal: AbortSignal) => Promise<Disposable> };

export const makeTurns = (most: number): Turns => {
  let free = most;
  const waiting = new Set<() => void>();
  const give = () => {
    const [next] = waiting;
    if (!next) return;
    waiting.delete(next);
    next();
  };
  const turn = (): Disposable => {
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (isOver) return;
        isOver = true;
        free++;
        give();
      },
    };
  };
  return {
    take: async (signal) => {
      signal.throwIfAborted();
      while (free === 0) {
        const { promise, resolve, reject } = settled<void>();
        const stop = () => reject(signal.reason);
        waiting.add(resolve);
        signal.addEventListener('abort', stop, { once: true });
        await promise.finally(() => {
          waiting.delete(resolve);
          signal.removeEventListener('abort', stop);
        });
      }
      free--;
      return turn();
    },
  };
};
