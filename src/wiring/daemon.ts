import { makeMetrics } from '../api/host/metrics.ts';
import { cleanupStack } from '../base/cleanup.ts';
import { asFault } from '../base/fault.ts';
import { makeGrowth } from '../base/growth.ts';
import { version } from '../base/package.ts';
import { capacityOf } from '../build/capacity.ts';
import { foldersBelow } from '../build/folders/folders.ts';
import { makeSubmit } from '../build/submit.ts';
import type { Scheduler } from '../queue/scheduler.ts';
import type { Config } from '../config/config.ts';
import { freeMb } from '../image/space.ts';
import { makeBuildLayers } from './build-layers.ts';
import { listenAt, makeDaemonApi } from './api.ts';
import { makeBuilds } from './builds.ts';
import { makeHostAnswers } from './host.ts';
import { openLayers } from './layers.ts';
import { reconcileLeftovers } from './leftovers.ts';
import { openMachines } from './machines.ts';
import { openMirror } from './mirror.ts';
import { openNews } from './notify.ts';
import { makeDaemonScheduler } from './scheduler.ts';
import { makeSchedules } from './schedules.ts';
import { makeSettings } from './settings.ts';
import type { SharedParts, Surroundings } from './shared.ts';
import { stopDaemon, type HowToStop } from './stop.ts';
import { openDaemonStore } from './store.ts';
import { openSupplies } from './supply.ts';
import { keepUp } from './upkeep.ts';

export type Daemon = {
  readonly address: string;
  /** Resolves when what was begun beside the API has ended. */
  readonly settled: Promise<void>;
  /** Takes over what may change while builds run: log level, media, retention, hosts to fetch from and to send to. */
  readonly reload: (config: Config) => void;
  /**
   * No new claims; what runs goes back to the queue without losing its attempt. Resolves when everything has gone; with `lets
   * machines run`, builds whose machine runs are left as they are, and the process is to end when it resolves.
   */
  readonly stop: (how: HowToStop) => Promise<void>;
};

/** Opens the rooms and starts them, in the order in which they need each other. */
// One function, though long: every room of the daemon.
export const startDaemon = async (first: Config, surroundings: Surroundings): Promise<Daemon> => {
  const { clock, logger } = surroundings;
  const settings = makeSettings(first, logger);
  const cleanup = cleanupStack();
  const life = new AbortController();
  const folders = foldersBelow(first.data_dir, first.run_dir);
  const shared: SharedParts = {
    ...surroundings,
    ...{ config: settings.now, folders, growth: makeGrowth(), signal: life.signal },
  };
  try {
    await folders.prepare();
    const store = cleanup.keep(await openDaemonStore(shared));
    const machines = cleanup.keep(await openMachines(shared));
    const { hypervisor } = machines;
    const takenUp = await reconcileLeftovers(shared, store, hypervisor);
    const mirror = await openMirror(shared);
    if (mirror) cleanup.keep(mirror);

    const bare = capacityOf(settings.now, folders, clock);
    const freeDiskMb = () => freeMb(first.data_dir);
    const committed = () => scheduler.committed();
    const metrics = makeMetrics({
      ...{ store, freeDiskMb, version, now: clock.now, whole: bare.whole },
      scheduler: { committed, slots: () => scheduler.slots(), obstacles: () => scheduler.obstacles() },
    });
    const { shelf, capacity, ...layers } = await openLayers(shared, {
      store,
      bare,
      committed,
      figures: metrics,
      takenUp,
    });
    const supplies = cleanup.keep(await openSupplies(shared, capacity));
    const news = await openNews(shared);
    const buildLayers = await makeBuildLayers(shared, shelf);
    if (buildLayers !== undefined) cleanup.keep(buildLayers.background);
    const builds = makeBuilds(shared, {
      store,
      machines,
      mirror,
      supplies,
      capacity,
      news,
      figures: metrics,
      layers: buildLayers,
    });
    const run = layers.givingWay(builds.run);
    const scheduler: Scheduler = cleanup.keep(
      makeDaemonScheduler(shared, { store, hypervisor, capacity, run, takenUp }),
    );

    const { admission } = builds;
    const submit = makeSubmit({ store, admission, isDraining: scheduler.isDraining, wake: scheduler.wake });
    const schedules = makeSchedules(shared, { store, admission, submit });

    const host = await makeHostAnswers(shared, { store, hypervisor, capacity, scheduler, figures: metrics });
    const api = await makeDaemonApi(shared, {
      ...{ store, capacity, builds, supplies, layers: shelf, scheduler, submit, metrics, host },
      schedules: schedules.desk,
    });
    cleanup.defer(() => api.close());
    const address = await listenAt(api, first);
    scheduler.start();
    cleanup.keep(news.startDeliverer(store));
    cleanup.keep(schedules.start());
    cleanup.keep(layers.start());
    // The probe of the accelerators takes a moment that no request needs to wait for.
    const settled = hypervisor.facts(life.signal).then(
      () => undefined,
      (error: unknown) => logger.warn({ err: error }, 'no build can run yet'),
    );
    cleanup.keep(keepUp(shared, { store, supplies, layers: shelf }));
    const all = { scheduler, life, cleanup, clock, logger, api, builds };
    return { address, settled, reload: settings.reload, stop: (how) => stopDaemon(how, all) };
  } catch (error) {
    life.abort(asFault(error));
    await cleanup[Symbol.asyncDispose]();
    throw error;
  }
};
