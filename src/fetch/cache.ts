import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { unlessErrno } from '../base/errno.ts';
import { Fault } from '../base/fault.ts';
import { listCache, prepareCache } from './cache-files.ts';
import { makeCacheHolds } from './cache-holds.ts';
import { stampOf } from './digest.ts';
import { makeStamps, type Stamps } from './stamps.ts';

/**
 * Verified files on disk, each named for its digest, with its stamp beside it: `HEX` and `HEX.json`. The stamp's mtime
 * is the time of last use. What is on its way is `HEX.part`, with `HEX.part.json` for how to go on.
 */
export type Cache = {
  /**
   * The file of this digest, hashed anew if it may have changed, and held until the signal aborts; undefined when there
   * is none that is right.
   */
  readonly open: (
    key: string,
    signal: AbortSignal,
  ) => Promise<{ readonly handle: FileHandle; readonly stats: Stats } | undefined>;
  readonly fileOf: (key: string) => string;
  readonly partOf: (key: string) => string;
  /** The part of this digest is complete, right and on disk: it becomes the file. */
  readonly keep: (key: string) => Promise<void>;
  /** While this lasts, the file or its part is not evicted. */
  readonly hold: (key: string) => Disposable;
  /**
   * Evicts the least recently used files until so many bytes of a held file fit beside what is left. Throws
   * `storage_full` when they never will. What is held stays, even where it is more than there is room for.
   */
  readonly makeRoom: (key: string, bytes: number) => Promise<void>;
  /** Makes the folder, and removes what a killed run left behind and cannot be resumed. */
  readonly prepare: () => Promise<void>;
};

type CacheParts = {
  readonly folder: string;
  readonly bytes: number;
  /** What sets its size, such as `[mirror] cache_size`. */
  readonly setting: string;
  readonly clock: Clock;
  readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void;
};

const tooLarge = (bytes: number, most: number, setting: string): Fault =>
  new Fault('storage_full', `A file of ${bytes} bytes does not fit into the cache of ${most} bytes. Raise ${setting}.`);

/**
 * Makes what gives the stats of a file that is right, and undefined for one that is not, which `damaged` is told of. A file
 * is hashed once, however many ask for it at once.
 */
const makeCheck = (
  stamps: Stamps,
  fileOf: (key: string) => string,
  damaged: (key: string, saw: string) => Promise<void>,
) => {
  const checking = new Map<string, Promise<void>>();
  const check = async (key: string, handle: FileHandle): Promise<void> => {
    const saw = await stamps.check(fileOf(key), key, handle);
    if (saw !== undefined) await damaged(key, saw);
  };
  return async (key: string, handle: FileHandle): Promise<Stats | undefined> => {
    const stats = await handle.stat();
    const isKnown = () => stamps.isKnown(fileOf(key), stampOf(stats));
    if (!isKnown()) {
      const checked = checking.get(key) ?? check(key, handle).finally(() => checking.delete(key));
      checking.set(key, checked);
      await checked;
    }
    if (!isKnown()) return undefined;
    await stamps.used(fileOf(key));
    return stats;
  };
};

export const makeCache = ({ folder, bytes: most, setting, clock, warn }: CacheParts): Cache => {
  const stamps = makeStamps(clock);
  const holds = makeCacheHolds();
  const fileOf = (key: string) => join(folder, key);

  const remove = async (name: string) => {
    await rm(join(folder, name), { force: true });
    await rm(join(folder, `${name}.json`), { force: true });
    stamps.forget(join(folder, name));
  };

  const verified = makeCheck(stamps, fileOf, async (key, saw) => {
    warn({ file: fileOf(key), expected: key, saw }, 'a file of the cache is damaged and was deleted');
    await remove(key);
  });

  return {
    hold: holds.hold,
    fileOf,
    partOf: (key) => `${fileOf(key)}.part`,
    open: async (key, signal) => {
      const opened = open(fileOf(key), constants.O_RDONLY | constants.O_NONBLOCK);
      const handle = await unlessErrno(opened, 'ENOENT');
      if (!handle) return undefined;
      const holding = holds.hold(key);
      signal.addEventListener('abort', () => holding[Symbol.dispose](), { once: true });
      if (signal.aborted) holding[Symbol.dispose]();
      try {
        const stats = await verified(key, handle);
        if (stats) return { handle, stats };
        await handle.close();
        return undefined;
      } catch (error) {
        await handle.close();
        throw error;
      }
    },
    keep: async (key) => {
      await rename(`${fileOf(key)}.part`, fileOf(key));
      await rm(`${fileOf(key)}.part.json`, { force: true });
      await stamps.keep(fileOf(key));
      await stamps.used(fileOf(key));
    },
    makeRoom: async (key, bytes) => {
      if (bytes > most) throw tooLarge(bytes, most, setting);
      holds.promise(key, bytes);
      const others = (await listCache(folder, holds.promised)).filter((file) => file.key !== key);
      let sum = others.reduce((all, file) => all + file.bytes, bytes);
      for (const file of others) {
        if (sum <= most) break;
        if (holds.isHeld(file.key)) continue;
        await remove(file.name);
        sum -= file.bytes;
      }
    },
    prepare: () => prepareCache(folder),
  };
};
