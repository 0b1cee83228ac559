import { asFault } from '../base/fault.ts';
import type { Capacity } from '../build/capacity.ts';
import { restoreFolders } from '../build/folders/own-folders.ts';
import { makeScheduler, type Scheduler } from '../queue/scheduler.ts';
import type { RunBuild, Store } from '../queue/store.ts';
import type { Hypervisor } from '../vmm/types.ts';
import type { Shared } from './shared.ts';

const leaseMs = 60_000;

export const makeDaemonScheduler = (
  { config, folders, clock, ids, logger, signal }: Shared,
  {
    store,
    hypervisor,
    capacity,
    run,
  }: {
    readonly store: Store;
    readonly hypervisor: Hypervisor;
    readonly capacity: Capacity;
    readonly run: RunBuild;
  },
): Scheduler =>
  makeScheduler({
    ...{ store, run, clock, ids, leaseMs },
    slots: config().workers,
    // Without a hypervisor or its folders, one build after the other would fail: they wait for it instead.
    capacity: async () => {
      await hypervisor.version(signal).catch((error: unknown) => {
        if (asFault(error).code === 'hypervisor_unavailable') throw error;
      });
      const made = await restoreFolders(folders.own);
      if (made.length > 0) logger.warn({ made }, 'made folders again that were gone');
      return capacity.now();
    },
    random: Math.random,
    log: logger,
  });
