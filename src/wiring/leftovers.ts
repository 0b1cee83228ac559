import { hostBootedAt } from '../base/clock.ts';
import { settleLeftovers } from '../build/reconcile.ts';
import type { TakenUp } from '../build/take-up/claim-again.ts';
import type { Store } from '../queue/store.ts';
import type { Hypervisor } from '../vmm/types.ts';
import { leaseMs } from './scheduler.ts';
import type { SharedParts } from './shared.ts';

/** Puts right what an earlier run of the daemon left behind, and tells the log of it. */
export const reconcileLeftovers = async (
  { config, folders, clock, ids, logger, signal }: SharedParts,
  store: Store,
  hypervisor: Hypervisor,
): Promise<readonly TakenUp[]> => {
  const now = clock.now();
  const { lost, stuck, elsewhere, takenUp, ...left } = await settleLeftovers(
    { store, hypervisor, folders, now, hostBootedAt: hostBootedAt(now), ids, slots: config().workers, leaseMs },
    signal,
  );
  if (lost.length > 0)
    logger.warn(
      { builds: lost.length, folder: folders.lost.folder, lost_days: config().retention.lost_days },
      'moved the folders of builds aside that the store does not know; they are deleted after lost_days',
    );
  if (stuck.length > 0)
    logger.warn({ builds: stuck.length, first: stuck[0] }, 'folders of builds that the store does not know stay');
  if (elsewhere > 0)
    logger.warn(
      { builds: elsewhere },
      'builds are claimed under another host name and left alone; the first start after their lease (a minute) settles them',
    );
  if (left.programs > 0 || [left.builds, left.machines, left.folders].flat().length > 0)
    logger.info(left, 'put right what an earlier run left behind');
  if (takenUp.length > 0)
    logger.info({ builds: takenUp.map(({ claim }) => claim.build.id) }, 'goes on with builds of an earlier run');
  return takenUp;
};
