import { systemClock } from '../../base/clock.ts';
import { ClientError } from '../client-error.ts';
import type { Output } from '../show/output.ts';
import { mayPass } from './refusal.ts';

const firstMs = 250;
const mostMs = 10_000;

/** How long a daemon may be away while somebody waits for a build: an upgrade or a reboot of the host takes less. */
const awayMs = 600_000;

// Before anything was seen of it: it may be the wrong address.
const firstMostMs = 60_000;

/** Calls again, with longer and longer pauses, while the daemon is away; `tell` hears once that it is. */
export type Patience = {
  readonly ask: <T>(call: () => Promise<T>) => Promise<T>;
};

/**
 * Throws the last error when the daemon was away for `mostAwayMs` without a break. `tell` is called when it goes and
 * when it is back.
 */
export const patience = (
  signal: AbortSignal,
  tell: (state: 'away' | 'back', error?: ClientError) => void,
  mostAwayMs: number = awayMs,
): Patience => {
  let awaySince: number | undefined;
  return {
    ask: async (call) => {
      for (let pauseMs = firstMs; ; pauseMs = Math.min(pauseMs * 2, mostMs)) {
        try {
          const answer = await call();
          if (awaySince !== undefined) tell('back');
          awaySince = undefined;
          return answer;
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof ClientError) || !mayPass(error)) throw error;
          const now = systemClock.elapsed();
          if (awaySince === undefined) tell('away', error);
          awaySince ??= now;
          if (now - awaySince > mostAwayMs) throw error;
          const asked = (error.about.retryAfterSeconds ?? 0) * 1000;
          await systemClock.sleep(Math.max(pauseMs, Math.min(asked, mostMs)), signal);
        }
      }
    },
  };
};

/** Calls for somebody who waits anyway, also where the daemon is not there yet: for a minute, and says so. */
export const patiently = <T>({ tell }: Pick<Output, 'tell'>, call: () => Promise<T>): Promise<T> =>
  patience(
    new AbortController().signal,
    (state, error) => {
      tell(
        state === 'back' ? 'The daemon is back.' : `${error?.message ?? ''} Asking again for ${firstMostMs / 1000} s.`,
      );
    },
    firstMostMs,
  ).ask(call);
