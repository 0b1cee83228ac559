import { asFault, type Fault } from '../base/fault.ts';
import { isHostsOwn } from './rules/retry.ts';
import type { WorkerLog } from './worker.ts';

/** What keeps the whole host from building: no build is claimed until it is mended. */
export type HostTrouble = {
  readonly now: () => Fault | undefined;
  /**
   * Asks again whether this host can build, `met` being what an attempt has just ended with. Gives what is in its way;
   * rejects where that cannot be told.
   */
  readonly look: (met?: Fault) => Promise<Fault | undefined>;
};

/** Keeps what `check` throws, and tells the log when it comes and when it goes. */
export const watchTrouble = (check: (met: Fault | undefined) => Promise<void>, log: WorkerLog): HostTrouble => {
  let trouble: Fault | undefined;
  const note = (found: Fault | undefined): void => {
    if (found !== undefined && found.message !== trouble?.message)
      log.warn(
        { code: found.code, why: found.message },
        'this host cannot build: no build is started until that is mended',
      );
    if (found === undefined && trouble !== undefined) log.info({ was: trouble.code }, 'this host can build again');
    trouble = found;
  };
  return {
    now: () => trouble,
    look: async (met = trouble) => {
      try {
        await check(met);
        note(undefined);
      } catch (error) {
        const fault = asFault(error);
        if (!isHostsOwn(fault.code)) throw error;
        note(fault);
      }
      return trouble;
    },
  };
};
