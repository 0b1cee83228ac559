import { dayMs } from '../base/records/day.ts';
import { longestBodyMs } from '../api/server/connections/pace.ts';
import { usualTimeouts } from '../api/server/connections/timeouts.ts';
import { keepPruned } from '../queue/retention.ts';
import type { LayerDesk } from '../layers/types.ts';
import type { Store } from '../queue/store.ts';
import { retentionOf } from './retention-policy.ts';
import type { SharedParts } from './shared.ts';
import type { Supplies } from './supply.ts';

// What a context may be older than the longest that its request may take.
const contextAgeMs = 3_600_000;

/** Forgets what the retention lets go: ended builds, contexts that nothing refers to, layers, and lost builds. */
export const keepUp = (
  { config, folders, clock, logger }: SharedParts,
  {
    store,
    supplies,
    layers,
  }: {
    readonly store: Store;
    readonly supplies: Supplies;
    readonly layers: Pick<LayerDesk, 'prune'>;
  },
): AsyncDisposable => {
  const longestContextMs = longestBodyMs(config().limits.context * 2 ** 20, usualTimeouts.body);
  return keepPruned({
    store,
    removeFiles: async (id) => {
      supplies.bases.checkUnused(folders.build(id));
      await folders.remove(id);
    },
    policy: () => retentionOf(config().retention),
    afterRound: async () => {
      await folders.sweepContexts(await store.contexts(), clock.now() - longestContextMs - contextAgeMs);
      await supplies.uploads.sweep();
      await layers.prune();
      const gone = await folders.lost.sweep(clock.now() - config().retention.lost_days * dayMs);
      if (gone > 0) logger.info({ builds: gone }, 'deleted the folders of builds that were lost for lost_days');
    },
    clock,
    log: logger,
  });
};
