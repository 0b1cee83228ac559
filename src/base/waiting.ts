import type { Clock } from './clock.ts';

/**
 * The promise, or the signal's reason if that comes first. The promise itself is not stopped; how it ends afterwards is
 * ignored, a rejection included.
 */
export const orAborted = <T>(promise: PromiseLike<T>, signal: AbortSignal): Promise<T> =>
  new Promise<T>((resolve, reject) => {
    // An abort reason is whatever its owner chose, an Error by this program's habit.
    const stop = () => reject(signal.reason as Error);
    // Also where the signal has aborted already: else an unhandled rejection would end the whole daemon.
    promise.then(resolve, reject).then(() => signal.removeEventListener('abort', stop));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });

export type RetryPolicy = {
  readonly attempts: number;
  readonly firstMs: number;
  readonly growth: number;
  readonly mostMs: number;
};

/** Asks again while `again` says the error may pass. The one loop in the program that sleeps between attempts. */
export const retry = async <T>(
  ask: (attempt: number) => Promise<T>,
  { attempts, firstMs, growth, mostMs }: RetryPolicy,
  again: (error: unknown) => boolean,
  clock: Clock,
  signal: AbortSignal,
): Promise<T> => {
  let pauseMs = firstMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(attempt);
    } catch (error) {
      if (attempt >= attempts || signal.aborted || !again(error)) throw error;
    }
    await clock.sleep(pauseMs, signal);
    pauseMs = Math.min(pauseMs * growth, mostMs);
  }
};

/** A promise and the two ways to settle it. */
export type Deferred<T> = {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
};

/** Promise.withResolvers, which Node has from 22 on. A rejection that is not awaited does not end the process. */
export const deferred = <T>(): Deferred<T> => {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.then(undefined, () => undefined);
  return { promise, resolve, reject };
};
