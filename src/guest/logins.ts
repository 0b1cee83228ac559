import { orAborted } from '../base/waiting.ts';

/** How a guest that was logged in to once is logged in to again. */
export type Logins = {
  /** Logs in: at most the communicator's timeout. */
  readonly again: (signal: AbortSignal) => Promise<void>;
  /** Before each command: logs in first where the last login was cut short. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
};

// So long the guest had let the build in before, or it would not have been cut short.
const afterCutMs = 30_000;

/**
 * A login whose caller had no time left, as a reboot that takes too long, leaves a healthy guest without one: what cleans up
 * afterwards is to have its own. A login that failed by itself is not tried again. `logIn` throws when `withinMs` are over.
 */
export const makeLogins = (
  logIn: (withinMs: number, signal: AbortSignal) => Promise<void>,
  timeoutMs: number,
): Logins => {
  let isCut = false;
  // Of commands that come together, one logs in.
  let mending: Promise<unknown> | undefined;
  const within = async (ms: number, signal: AbortSignal) => {
    isCut = false;
    try {
      await logIn(ms, signal);
    } catch (error) {
      isCut = signal.aborted;
      throw error;
    }
  };
  return {
    again: (signal) => within(timeoutMs, signal),
    ready: async (signal) => {
      while (mending !== undefined) await orAborted(mending, signal);
      if (!isCut) return;
      const login = within(Math.min(timeoutMs, afterCutMs), signal);
      mending = login.catch(() => undefined).finally(() => (mending = undefined));
      await login;
    },
  };
};
