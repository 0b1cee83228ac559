import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { unlessErrno } from '../../base/errno.ts';
import { Fault } from '../../base/fault.ts';
import { listCache, prepareCache } from './cache-files.ts';
import { makeCacheHolds } from './cache-holds.ts';
import { stampOf } from './digest.ts';
import { makeStamps, type Stamps } from './stamps.ts';

/**
 * Verified files on disk, each named for its SHA-256, with its stamp beside it: `HEX` and `HEX.json`. The stamp's mtime
 * is the time of last use. What is on its way is `HEX.part`, with `HEX.part.json` for how to go on.
 */
export type Cache = {
  /**
   * The file of this digest, hashed anew if it may have changed, and held until the signal aborts; undefined when there
   * is none that is right.
   */
  readonly open: (
    sha256: string,
    signal: AbortSignal,
  ) => Promise<{ readonly handle: FileHandle; readonly stats: Stats } | undefined>;
  readonly partOf: (sha256: string) => string;
  /** The part of this digest is complete, right and on disk: it becomes the file. */
  readonly keep: (sha256: string) => Promise<void>;
  /** While this lasts, the file or its part is not evicted. */
  readonly hold: (sha256: string) => Disposable;
  /**
   * Evicts the least recently used files until so many bytes of a held file fit beside what is left. Throws
   * `storage_full` when they never will. What is held stays, even where it is more than there is room for.
   */
  readonly makeRoom: (sha256: string, bytes: number) => Promise<void>;
  /** Makes the folder, and removes what a killed run left behind and cannot be resumed. */
  readonly prepare: () => Promise<void>;
};

type CacheParts = {
  readonly folder: string;
  readonly bytes: number;
  readonly clock: Clock;
  readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void;
};

const tooLarge = (bytes: number, most: number): Fault =>
  new Fault(
    'storage_full',
    `A file of ${bytes} bytes does not fit into the mirror's cache of ${most} bytes. Raise [mirror] cache_size.`,
  );

/**
 * Makes what gives the stats of a file that is right, and undefined for one that is not, which `damaged` is told of. A file
 * is hashed once, however many ask for it at once.
 */
const makeCheck = (
  stamps: Stamps,
  fileOf: (sha256: string) => string,
  damaged: (sha256: string, saw: string) => Promise<void>,
) => {
  const checking = new Map<string, Promise<void>>();
  const check = async (sha256: string, handle: FileHandle): Promise<void> => {
    const saw = await stamps.check(fileOf(sha256), sha256, handle);
    if (saw !== undefined) await damaged(sha256, saw);
  };
  return async (sha256: string, handle: FileHandle): Promise<Stats | undefined> => {
    const stats = await handle.stat();
    const isKnown = () => stamps.isKnown(fileOf(sha256), stampOf(stats));
    if (!isKnown()) {
      const checked = checking.get(sha256) ?? check(sha256, handle).finally(() => checking.delete(sha256));
      checking.set(sha256, checked);
      await checked;
    }
    if (!isKnown()) return undefined;
    await stamps.used(fileOf(sha256));
    return stats;
  };
};

export const makeCache = ({ folder, bytes: most, clock, warn }: CacheParts): Cache => {
  const stamps = makeStamps(clock);
  const holds = makeCacheHolds();
  const fileOf = (sha256: string) => join(folder, sha256);

  const remove = async (name: string) => {
    await rm(join(folder, name), { force: true });
    await rm(join(folder, `${name}.json`), { force: true });
    stamps.forget(join(folder, name));
  };

  const verified = makeCheck(stamps, fileOf, async (sha256, saw) => {
    warn({ file: fileOf(sha256), expected: sha256, saw }, 'a file of the mirror cache is damaged and was deleted');
    await remove(sha256);
  });

  return {
    hold: holds.hold,
    partOf: (sha256) => `${fileOf(sha256)}.part`,
    open: async (sha256, signal) => {
      const opened = open(fileOf(sha256), constants.O_RDONLY | constants.O_NONBLOCK);
      const handle = await unlessErrno(opened, 'ENOENT');
      if (!handle) return undefined;
      const holding = holds.hold(sha256);
      signal.addEventListener('abort', () => holding[Symbol.dispose](), { once: true });
      if (signal.aborted) holding[Symbol.dispose]();
      try {
        const stats = await verified(sha256, handle);
        if (stats) return { handle, stats };
        await handle.close();
        return undefined;
      } catch (error) {
        await handle.close();
        throw error;
      }
    },
    keep: async (sha256) => {
      await rename(`${fileOf(sha256)}.part`, fileOf(sha256));
      await rm(`${fileOf(sha256)}.part.json`, { force: true });
      await stamps.keep(fileOf(sha256));
      await stamps.used(fileOf(sha256));
    },
    makeRoom: async (sha256, bytes) => {
      if (bytes > most) throw tooLarge(bytes, most);
      holds.promise(sha256, bytes);
      const others = (await listCache(folder, holds.promised)).filter((file) => file.sha256 !== sha256);
      let sum = others.reduce((all, file) => all + file.bytes, bytes);
      for (const file of others) {
        if (sum <= most) break;
        if (holds.isHeld(file.sha256)) continue;
        await remove(file.name);
        sum -= file.bytes;
      }
    },
    prepare: () => prepareCache(folder),
  };
};
