import type { JournalPlace } from './place.ts';

/**
 * What stands for a machine or a guest that an earlier daemon has let go of, or will not reach any more: the steps that had it
 * have ended, and none that is still to come uses it.
 */
export const letGo = <Kind extends object>(what: string): Kind =>
  // No member of it can be read, so it is of any kind.
  new Proxy({} as Kind, {
    get: () => {
      throw new Error(`${what} was let go before the daemon was started`);
    },
  });

/** Whether the machine that was booted first has gone: it was shut down, or its guest was started anew in another. */
export const hasLetGo = ({ hadEnded, startedAnew }: Pick<JournalPlace, 'hadEnded' | 'startedAnew'>): boolean =>
  hadEnded('shut-down') || startedAnew() !== undefined;
