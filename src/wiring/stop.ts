import type { CleanupStack } from '../base/cleanup.ts';
import type { Clock } from '../base/clock.ts';
import { Fault } from '../base/fault.ts';
import type { Logger } from '../base/logger.ts';
import type { Scheduler } from '../queue/scheduler.ts';

// rc.d/imaged gives 40 s before KILL (daemon_timeout), and says so; this leaves room for closing what is left.
const drainMs = 20_000;

/** Drains the queue, ends what waits for the daemon's life, and lets every room go in reverse. */
export const stopDaemon = async ({
  scheduler,
  life,
  cleanup,
  clock,
  logger,
}: {
  readonly scheduler: Scheduler;
  readonly life: AbortController;
  readonly cleanup: CleanupStack;
  readonly clock: Clock;
  readonly logger: Logger;
}): Promise<void> => {
  const tooLong = () => new Fault('draining', 'Draining took too long.');
  using deadline = clock.deadline(drainMs, new AbortController().signal, tooLong);
  await scheduler
    .drain(deadline.signal)
    .catch((error: unknown) => logger.error({ err: error }, 'not every build could be put back in the queue'));
  life.abort(new Fault('draining', 'The daemon is stopping.'));
  await cleanup[Symbol.asyncDispose]();
};
