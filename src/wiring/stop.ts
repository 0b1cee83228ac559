import type { CleanupStack } from '../base/cleanup.ts';
import type { Clock } from '../base/clock.ts';
import { Fault } from '../base/fault.ts';
import type { Logger } from '../base/logger.ts';
import { orAborted } from '../base/waiting.ts';
import type { LetRun } from '../build/take-up/let-run.ts';
import type { Scheduler } from '../queue/scheduler.ts';

// rc.d/imaged gives 40 s before KILL (daemon_timeout), and says so; this leaves room for closing what is left.
const drainMs = 20_000;

// Where machines run on, the daemon is gone within 5 s: so long steps may take to end that no daemon can go on with, and
// clients to hear that it goes.
const leavingMs = 3_000;
const closingMs = 2_000;

export type HowToStop = 'ends all' | 'lets machines run';

/** What a daemon is made of that is to be stopped. */
type Rooms = {
  readonly scheduler: Scheduler;
  readonly life: AbortController;
  readonly cleanup: CleanupStack;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly api: { readonly close: () => Promise<unknown> };
  readonly builds: { readonly letRun: Pick<LetRun, 'has' | 'leave'> };
};

/**
 * Drains the queue, ends what waits for the daemon's life, and lets every room go in reverse. Where builds run on, nothing of
 * theirs is let go, and the process is to end at once, as if it had been killed.
 */
export const stopDaemon = async (
  how: HowToStop,
  { scheduler, life, cleanup, clock, logger, api, builds }: Rooms,
): Promise<void> => {
  const tooLong = () => new Fault('draining', 'Draining took too long.');
  using deadline = clock.deadline(drainMs, new AbortController().signal, tooLong);
  const { letRun } = builds;
  const isLeaving = how === 'lets machines run';
  using leaving = clock.deadline(leavingMs, new AbortController().signal, tooLong);
  const ready = isLeaving ? letRun.leave(leaving.signal).catch(() => undefined) : Promise.resolve();
  const runsOn = isLeaving ? letRun.has : () => false;
  const left = await scheduler.drain(deadline.signal, runsOn).catch((error: unknown) => {
    logger.error({ err: error }, 'not every build could be put back in the queue');
    return 0;
  });
  await ready;
  life.abort(new Fault('draining', 'The daemon is stopping.'));
  if (left === 0) return await cleanup[Symbol.asyncDispose]();
  using closing = clock.deadline(closingMs, new AbortController().signal, tooLong);
  await orAborted(Promise.resolve(api.close()), closing.signal).catch(() => undefined);
  logger.info({ builds: left }, 'machines run on, and the next daemon goes on with their builds');
};
