import { Fault } from '../../base/fault.ts';
import { makeSemaphore } from '../../base/semaphore.ts';
import type { Doomed, TakenLayer } from '../../queue/layers.ts';
import type { Freed } from '../types.ts';
import type { ShelfParts } from './parts.ts';

/** Makes room by deleting layers, the least recently used first. */
export type Eviction = {
  /** Deletes the files of doomed layers, and forgets them. */
  readonly remove: (doomed: Doomed) => Promise<Freed>;
  /** Removes what has expired, and what is more than the settings allow. */
  readonly prune: () => Promise<Freed>;
  /** Evicts until builds have what they were promised, and, where that can be had, so many bytes besides. */
  readonly giveWay: (bytes?: number) => Promise<Freed>;
  /** Removes all that no build uses. */
  readonly removeAll: () => Promise<Freed>;
  /** Keeps so many bytes for a layer in the making, until disposed; undefined: there is no room, and nothing was evicted in vain. */
  readonly reserve: (bytes: number) => Promise<Disposable | undefined>;
  /** Throws `storage_full` where a layer that has come to so many bytes would be too large even if all went that may. */
  readonly checkFits: (bytes: number) => Promise<void>;
  /** Removes a layer that cannot be used, and all over it, unless a build uses one of them: then it is `discarded`. */
  readonly drop: (key: string) => Promise<void>;
  /** Those that are to be dropped when no build uses them any more. */
  readonly discarded: ReadonlySet<string>;
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
  ({ index, folders, warn }: EvictionParts, discarded: Set<string>): Eviction['remove'] =>
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
      discarded.delete(key);
      freed = sumOf(freed, { layers: 1, bytes });
    }
    return freed;
  };

// One closure, though long: all of it counts on the same room.
export const makeEviction = (parts: EvictionParts): Eviction => {
  const { index, settings, spareBytes = async () => Infinity, warn } = parts;
  // No more than there are layers.
  const discarded = new Set<string>();
  const remove = makeRemove(parts, discarded);
  // Two that make room at once would count on the same bytes.
  const one = makeSemaphore(1);
  const always = new AbortController().signal;
  const reserved = new Set<{ readonly bytes: number }>();
  const reservedBytes = () => [...reserved].reduce((sum, { bytes }) => sum + bytes, 0);

  /** Until so much is free; a file system may take its time to say so, hence what was deleted is counted. */
  const evict = async (among: 'all' | 'expired', { bytes = 0, ownBytes = 0 }: Partial<TakenLayer>): Promise<Freed> => {
    let freed = none;
    let freedOwn = 0;
    while (freed.bytes < bytes || freedOwn < ownBytes) {
      const doomed = await index.doomNext(among);
      const more = doomed === undefined ? none : await remove([doomed]);
      if (more.layers === 0) break;
      freed = sumOf(freed, more);
      freedOwn += doomed?.ownBytes ?? 0;
    }
    return freed;
  };

  /** What the size of the settings, and the disk, are short of for so many bytes more. */
  const shortOf = async (more = 0): Promise<TakenLayer> => ({
    bytes: (await index.totals()).bytes + reservedBytes() + more - (await settings()).bytes,
    ownBytes: more + reservedBytes() - (await spareBytes()),
  });

  return {
    remove,
    removeAll: () => evict('all', { bytes: Infinity }),
    prune: async () => {
      using _turn = await one.take(always);
      const expired = await evict('expired', { bytes: Infinity });
      const { bytes } = await shortOf();
      return sumOf(expired, await evict('all', { bytes }));
    },
    giveWay: async (more) => {
      using _turn = await one.take(always);
      const { ownBytes } = await shortOf(more);
      const { freeable } = await index.totals();
      // What is asked for besides and cannot be had costs no layer.
      return evict('all', { ownBytes: ownBytes <= freeable.ownBytes ? ownBytes : (await shortOf()).ownBytes });
    },
    reserve: async (more) => {
      using _turn = await one.take(always);
      const short = await shortOf(more);
      const { freeable } = await index.totals();
      // Else all would go, and it would not fit all the same.
      if (short.bytes > freeable.bytes || short.ownBytes > freeable.ownBytes) return undefined;
      await evict('all', short);
      const own = { bytes: more };
      reserved.add(own);
      return { [Symbol.dispose]: () => void reserved.delete(own) };
    },
    checkFits: async (bytes) => {
      const { bytes: all, freeable } = await index.totals();
      const room = (await settings()).bytes - (all - freeable.bytes);
      if (bytes <= room) return;
      throw new Fault('storage_full', `The layer has ${bytes} bytes, and ${Math.max(0, room)} can be had of [cache] size beside what builds use.`); // prettier-ignore
    },
    discarded,
    drop: async (key) => {
      try {
        const doomed = await index.doom(key, 'over');
        if (doomed === undefined) discarded.delete(key);
        await remove(doomed ?? []);
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== 'layer_in_use') throw error;
        discarded.add(key);
        warn({ layer: key, why: error.message }, 'a layer that cannot be used stays while a build uses it');
      }
    },
  };
};
