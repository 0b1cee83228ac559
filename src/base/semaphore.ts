// Not p-queue, which runs functions: a turn here is a resource, kept with `using`.
/** A counting semaphore: waiters get their turn in the order in which they came. */
export type Semaphore = { readonly take: (signal: AbortSignal) => Promise<Disposable> };

export const makeSemaphore = (most: number): Semaphore => {
  let free = most;
  const waiting = new Set<() => void>();
  const turn = (): Disposable => {
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (isOver) return;
        isOver = true;
        // Handed to the first waiter rather than given back, so that a newcomer cannot overtake it.
        const [next] = waiting;
        if (next) next();
        else free++;
      },
    };
  };
  return {
    take: (signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        if (free > 0) {
          free--;
          resolve(turn());
          return;
        }
        const go = () => {
          waiting.delete(go);
          signal.removeEventListener('abort', stop);
          resolve(turn());
        };
        const stop = () => {
          waiting.delete(go);
          // An abort reason is whatever its owner chose, an Error by this program's habit.
          reject(signal.reason as Error);
        };
        waiting.add(go);
        signal.addEventListener('abort', stop, { once: true });
      }),
  };
};
