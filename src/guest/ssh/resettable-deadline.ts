import type { Clock, Deadline } from '../../base/clock.ts';

/** A signal whose time limit can be set anew while it runs. */
export type ResettableDeadline = Disposable & {
  readonly signal: AbortSignal;
  /** From now on it lasts so long. */
  readonly within: (ms: number) => void;
};

/** Aborts with the parent's reason, or with `reason(ms)` when the limit that was last set is over. */
export const makeResettableDeadline = (
  clock: Clock,
  parent: AbortSignal,
  reason: (ms: number) => unknown,
): ResettableDeadline => {
  const over = new AbortController();
  let limit: Deadline | undefined;
  return {
    signal: over.signal,
    within: (ms) => {
      limit?.[Symbol.dispose]();
      const { signal } = (limit = clock.deadline(ms, parent, () => reason(ms)));
      const follow = () => over.abort(signal.reason);
      if (signal.aborted) follow();
      else signal.addEventListener('abort', follow, { once: true });
    },
    [Symbol.dispose]: () => limit?.[Symbol.dispose](),
  };
};
