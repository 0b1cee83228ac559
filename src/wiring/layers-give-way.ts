import { Fault } from '../base/fault.ts';
import type { LayerTotals } from '../queue/layers.ts';
import type { Capacity } from '../build/capacity.ts';

/** What a capacity asks of the kept layers. */
export type GivesWay = {
  readonly totals: () => Promise<Pick<LayerTotals, 'freeable' | 'madeBytes'>>;
  /** Evicts until builds have what they were promised, and so many bytes besides. */
  readonly giveWay: (bytes?: number) => Promise<unknown>;
};

const mb = 2 ** 20;

/**
 * The same capacity, in which the layers that no build uses count as room: they go when it is taken. What a build has made
 * into a layer counts as written by it, as if it still lay where it works.
 */
export const layersGiveWay = (
  capacity: Capacity,
  layers: GivesWay,
  /** How many times the free space may be promised. */
  overcommit: () => number,
): Capacity => {
  return {
    whole: capacity.whole,
    now: async () => {
      const { memoryMb, diskMb } = await capacity.now();
      const { freeable, madeBytes } = await layers.totals();
      return { memoryMb, diskMb: diskMb + Math.floor(((freeable.ownBytes + madeBytes) / mb) * overcommit()) };
    },
    roomMb: async () => (await capacity.roomMb()) + Math.floor((await layers.totals()).freeable.ownBytes / mb),
    checkRoom: async (bytes) => {
      try {
        await capacity.checkRoom(bytes);
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== 'storage_full') throw error;
        await layers.giveWay(bytes);
        await capacity.checkRoom(bytes);
      }
    },
  };
};
