import { checkProgram } from '../base/program.ts';
import type { Capacity } from '../build/capacity.ts';
import { restoreFolders } from '../build/folders/own-folders.ts';
import { makeScheduler, type Scheduler, type SchedulerParts } from '../queue/scheduler.ts';
import type { RunBuild, Store } from '../queue/store.ts';
import type { Hypervisor } from '../vmm/types.ts';
import type { SharedParts } from './shared.ts';

export const leaseMs = 60_000;

export const makeDaemonScheduler = (
  { config, folders, clock, ids, logger, signal }: SharedParts,
  {
    store,
    hypervisor,
    capacity,
    run,
    takenUp,
  }: {
    readonly store: Store;
    readonly hypervisor: Hypervisor;
    readonly capacity: Capacity;
    readonly run: RunBuild;
    readonly takenUp: SchedulerParts['takenUp'];
  },
): Scheduler =>
  makeScheduler({
    ...{ store, run, clock, ids, leaseMs },
    ...(takenUp === undefined ? {} : { takenUp }),
    slots: config().workers,
    reserveAfterMs: config().queue.reserve_after,
    capacity: capacity.now,
    // Without these, one build after the other would fail: they wait for it instead.
    checkHost: async (met) => {
      await hypervisor.version(signal);
      const made = await restoreFolders(folders.own);
      if (made.length > 0) logger.warn({ made }, 'made folders again that were gone');
      await capacity.checkRoom();
      const program = met?.code === 'program_missing' ? met.facts['program'] : undefined;
      if (typeof program === 'string') await checkProgram(program);
    },
    random: Math.random,
    log: logger,
  });
