/** Ends processes that are not this daemon's children, and so cannot be waited for. */

import type { Clock } from '../base/clock.ts';
import { isErrno } from '../base/errno.ts';
import { Fault } from '../base/fault.ts';
import { retry } from '../base/waiting.ts';
import { hasGone } from './processes.ts';

// About 10 s in all: another's child cannot be waited for, so it is looked at until it has gone.
const untilGone = { attempts: 220, firstMs: 2, growth: 1.3, mostMs: 50 };

/** Kills it, or sends it another signal, unless it has gone by itself. */
export const kill = (pid: number, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It went by itself between our look and our blow.
    if (!isErrno(error, 'ESRCH')) throw error;
  }
};

/** Returns when these have gone. Throws `hypervisor_failed` when one does not. */
export const awaitGone = async (
  pids: readonly number[],
  what: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> => {
  const look = async () => {
    for (const pid of pids)
      if (!(await hasGone(pid, signal)))
        throw new Fault('hypervisor_failed', `${what} (process ${pid}) was to end but does not go.`, { pid });
  };
  await retry(look, untilGone, (error) => error instanceof Fault, clock, signal);
};

/** Kills these, and returns when they and those `found` earlier have gone. Throws `hypervisor_failed` when one does not. */
export const endAll = async (
  left: readonly number[],
  what: string,
  clock: Clock,
  signal: AbortSignal,
  found: readonly number[] = [],
): Promise<void> => {
  for (const pid of left) kill(pid);
  await awaitGone([...found, ...left], what, clock, signal);
};
