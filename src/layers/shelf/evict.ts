import { Fault } from '../../base/fault.ts';
import { makeSemaphore } from '../../fetch/semaphore.ts';
import type { Doomed } from '../../queue/layers.ts';
import type { Freed } from '../types.ts';
import type { ShelfParts } from './parts.ts';

/** Makes room by deleting layers, the least recently used first. */
export type Eviction = {
  /** Deletes the files of doomed layers, and forgets them. */
  readonly remove: (doomed: Doomed) => Promise<Freed>;
  /** Removes what has expired, and what is more than the settings allow. */
  readonly prune: () => Promise<Freed>;
  /** Evicts until builds have what they were promised, and so many bytes besides. */
  readonly giveWay: (bytes?: number) => Promise<Freed>;
  /** Removes all that no build uses. */
  readonly removeAll: () => Promise<Freed>;
  /** Keeps so many bytes for a layer in the making, until disposed; undefined: there is no room, and nothing was evicted in vain. */
  readonly reserve: (bytes: number) => Promise<Disposable | undefined>;
  /** Removes a layer that is not whole, and all over it, unless a build uses one of them. */
  readonly drop: (key: string) => Promise<void>;
};

/** Without `spareBytes`, as beside a daemon, the disk is left to that. */
type EvictionParts = Pick<ShelfParts, 'index' | 'folders' | 'settings' | 'warn'> &
  Partial<Pick<ShelfParts, 'spareBytes'>>;

const none: Freed = { layers: 0, bytes: 0 };

const sumOf = (one: Freed, other: Freed): Freed => ({
  layers: one.layers + other.layers,
  bytes: one.bytes + other.bytes,
});

/** Deletes the files of doomed layers one after the other, and forgets them. */
const makeRemove =
  ({ index, folders, warn }: EvictionParts): Eviction['remove'] =>
  async (doomed) => {
    let freed = none;
    for (const { key, bytes } of doomed) {
      try {
        await folders.remove(key);
      } catch (error) {
        // Those beneath it stay doomed as well.
        warn({ err: error, layer: key }, 'the files of a layer could not be deleted; the next start tries again');
        return freed;
      }
      await index.forget(key);
      freed = sumOf(freed, { layers: 1, bytes });
    }
    return freed;
  };

export const makeEviction = (parts: EvictionParts): Eviction => {
  const { index, settings, spareBytes = async () => Infinity, warn } = parts;
  const remove = makeRemove(parts);
  // Two that make room at once would count on the same bytes.
  const one = makeSemaphore(1);
  const always = new AbortController().signal;
  const reserved = new Set<{ readonly bytes: number }>();
  const reservedBytes = () => [...reserved].reduce((sum, { bytes }) => sum + bytes, 0);

  /** Until so many bytes are free; a file system may take its time to say so, hence what was deleted is counted. */
  const evict = async (among: 'all' | 'expired', bytes: number): Promise<Freed> => {
    let freed = none;
    while (freed.bytes < bytes) {
      const doomed = await index.doomNext(among);
      const more = doomed === undefined ? none : await remove([doomed]);
      if (more.layers === 0) break;
      freed = sumOf(freed, more);
    }
    return freed;
  };

  /** Bytes that the size of the settings, and the disk, are short of for so many more. */
  const overSize = async (bytes = 0) =>
    (await index.totals()).bytes + reservedBytes() + bytes - (await settings()).bytes;
  const overDisk = async (bytes = 0) => bytes + reservedBytes() - (await spareBytes());

  return {
    remove,
    removeAll: () => evict('all', Infinity),
    prune: async () => {
      using _turn = await one.take(always);
      const expired = await evict('expired', Infinity);
      return sumOf(expired, await evict('all', await overSize()));
    },
    giveWay: async (bytes) => {
      using _turn = await one.take(always);
      return evict('all', await overDisk(bytes));
    },
    reserve: async (bytes) => {
      using _turn = await one.take(always);
      const short = Math.max(await overSize(bytes), await overDisk(bytes));
      // Else all would go, and it would not fit all the same.
      if (short > (await index.totals()).freeableBytes) return undefined;
      if ((await evict('all', short)).bytes < short) return undefined;
      const own = { bytes };
      reserved.add(own);
      return { [Symbol.dispose]: () => void reserved.delete(own) };
    },
    drop: async (key) => {
      try {
        await remove((await index.doom(key, 'over')) ?? []);
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== 'layer_in_use') throw error;
        warn({ layer: key, why: error.message }, 'a layer that is not whole stays while a build uses it');
      }
    },
  };
};
