import { deferred, orAborted, type Deferred } from '../base/waiting.ts';

/** How far a download has come, for those who follow it. */
export type FetchProgress = {
  have: number;
  /** Undefined until upstream has said it. */
  length: number | undefined;
  /** Counts up when what was written so far turned out to be of another file. */
  round: number;
  readonly state: () => 'running' | 'verified' | 'failed';
  /** Something above is new. */
  readonly tell: () => void;
  readonly end: (failure?: unknown) => void;
  /** Resolves at the next news; rejects with the failure, or the signal's reason. */
  readonly news: (signal: AbortSignal) => Promise<void>;
};

export const makeProgress = (): FetchProgress => {
  let next: Deferred<void> = deferred();
  let state: 'running' | 'verified' | 'failed' = 'running';
  return {
    have: 0,
    length: undefined,
    round: 0,
    state: () => state,
    tell: () => {
      if (state !== 'running') return;
      const now = next;
      next = deferred();
      now.resolve();
    },
    end: (failure) => {
      if (state !== 'running') return;
      state = failure === undefined ? 'verified' : 'failed';
      if (failure === undefined) next.resolve();
      else next.reject(failure);
    },
    news: (signal) => orAborted(next.promise, signal),
  };
};
