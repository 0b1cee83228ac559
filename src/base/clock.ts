import { uptime } from 'node:os';
import { performance } from 'node:perf_hooks';

/** A signal that also aborts by itself; disposing it lets its timer and its listener go. */
export type Deadline = Disposable & { readonly signal: AbortSignal };

/** Time, as a value: the only maker of timers in the program. */
export type Clock = {
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Milliseconds that never jump, for measuring. */
  readonly elapsed: () => number;
  /** Resolves after `ms`; rejects with the signal's reason. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A signal that aborts with `reason()` after `ms`, or with the parent's reason if that comes first. */
  readonly deadline: (ms: number, parent: AbortSignal, reason: () => unknown) => Deadline;
  /** Calls `tick` every `ms` until disposed; does not keep the process alive. */
  readonly every: (ms: number, tick: () => void) => Disposable;
};

/** When this host was started, Unix milliseconds, by the clock as it is set now. */
export const hostBootedAt = (now: number): number => now - uptime() * 1000;

// setTimeout fires at once when its delay does not fit a signed 32-bit number.
const longestMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const stop = () => {
        clearTimeout(timer);
        // An abort reason is whatever its owner chose, an Error by this program's habit.
        reject(signal.reason as Error);
      };
      const timer = setTimeout(
        () => {
          signal.removeEventListener('abort', stop);
          resolve();
        },
        Math.min(ms, longestMs),
      );
      signal.addEventListener('abort', stop, { once: true });
    }),
  deadline: (ms, parent, reason) => {
    const own = new AbortController();
    const timer = setTimeout(() => own.abort(reason()), Math.min(ms, longestMs));
    const follow = () => own.abort(parent.reason);
    if (parent.aborted) follow();
    else parent.addEventListener('abort', follow, { once: true });
    return {
      signal: own.signal,
      [Symbol.dispose]: () => {
        clearTimeout(timer);
        parent.removeEventListener('abort', follow);
      },
    };
  },
  every: (ms, tick) => {
    const timer = setInterval(tick, ms).unref();
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
};
