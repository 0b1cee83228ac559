import type { Metrics } from '../api/host/metrics.ts';
import type { Capacity } from '../build/capacity.ts';
import type { TakenUp } from '../build/take-up/claim-again.ts';
import { layersGiveWay } from './layers-give-way.ts';
import { layerSettingsOf } from './layer-settings.ts';
import { layerFoldersIn } from '../layers/shelf/files.ts';
import { openShelf, type OpenedShelf } from '../layers/shelf/open-shelf.ts';
import type { Demand } from '../queue/asked.ts';
import type { RunBuild, Store } from '../queue/store.ts';
import type { SharedParts } from './shared.ts';

/** The kept layers, and a capacity in which they count as room. */
export type WiredLayers = {
  readonly shelf: OpenedShelf;
  readonly capacity: Capacity;
  /** The same, with the disk that a build was promised free before it begins. */
  readonly givingWay: (run: RunBuild) => RunBuild;
  /** Looks every few seconds whether the layers have to give way. */
  readonly start: () => AsyncDisposable;
};

const mb = 2 ** 20;

// What builds publish, and what other programs write, takes from what was promised to builds that run.
const lookEveryMs = 10_000;

const keepGivingWay = (
  { giveWay }: Pick<OpenedShelf, 'giveWay'>,
  clock: SharedParts['clock'],
  logger: SharedParts['logger'],
): AsyncDisposable => {
  let looking: Promise<unknown> | undefined;
  const look = async () => {
    try {
      await giveWay();
    } catch (error) {
      logger.warn({ err: error }, 'the layers could not give way; tried again soon');
    }
    looking = undefined;
  };
  const ticking = clock.every(lookEveryMs, () => void (looking ??= look()));
  return {
    [Symbol.asyncDispose]: async () => {
      ticking[Symbol.dispose]();
      await looking;
    },
  };
};

/** Opens the shelf when the builds of an earlier run are settled, and puts right what that left on it. */
export const openLayers = async (
  { config, folders, clock, logger }: SharedParts,
  {
    store,
    bare,
    committed,
    figures,
    takenUp,
  }: {
    readonly store: Store;
    readonly bare: Capacity;
    /** What running builds may take together. */
    readonly committed: () => Demand;
    readonly figures: Pick<Metrics, 'layerTaken' | 'layerMissed'>;
    readonly takenUp: readonly Pick<TakenUp, 'layers'>[];
  },
): Promise<WiredLayers> => {
  const shelf = openShelf({
    ...{ index: store.layers, folders: layerFoldersIn(folders.layers), clock, figures },
    settings: layerSettingsOf(config),
    spareBytes: async () => {
      const { diskMb } = await bare.now();
      const { madeBytes } = await store.layers.totals();
      return ((diskMb - committed().diskMb) / config().capacity.overcommit) * mb + madeBytes;
    },
    warn: (facts, message) => logger.warn(facts, message),
  });
  const settled = await shelf.settle(new Set(takenUp.flatMap(({ layers }) => layers)));
  if (Object.values(settled).some((keys: readonly string[]) => keys.length > 0))
    logger.info(settled, 'put right the layers that an earlier run left behind');

  return {
    shelf,
    capacity: layersGiveWay(bare, shelf, () => config().capacity.overcommit),
    givingWay: (run) => async (claim, slot, signal) => {
      await shelf.giveWay();
      return run(claim, slot, signal);
    },
    start: () => keepGivingWay(shelf, clock, logger),
  };
};
