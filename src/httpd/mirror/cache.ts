import { constants } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes, type FileHandle } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { unlessErrno } from '../../base/errno.ts';
import { Fault } from '../../base/fault.ts';
import { temporarySuffix, writeWhole } from '../../base/file/write-whole.ts';
import { isSame, sha256Of, stampOf, type Stamp } from './digest.ts';

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

const Kept = z.strictObject({ size: z.number(), mtimeMs: z.number(), ctimeMs: z.number(), ino: z.number() });

const ours = /^([0-9a-f]{64})(\.part)?$/;

type CacheParts = {
  readonly folder: string;
  readonly bytes: number;
  readonly clock: Clock;
  readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void;
};

export const makeCache = ({ folder, bytes: most, clock, warn }: CacheParts): Cache => {
  const stamps = new Map<string, Stamp>();
  const checking = new Map<string, Promise<void>>();
  const held = new Map<string, number>();
  // What downloads that go on will take, so that two that begin together do not count on the same room.
  const promised = new Map<string, number>();
  const fileOf = (sha256: string) => join(folder, sha256);

  const hold = (sha256: string): Disposable => {
    held.set(sha256, (held.get(sha256) ?? 0) + 1);
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (isOver) return;
        isOver = true;
        const left = (held.get(sha256) ?? 1) - 1;
        if (left > 0) held.set(sha256, left);
        else {
          held.delete(sha256);
          promised.delete(sha256);
        }
      },
    };
  };

  const remove = async (name: string) => {
    await rm(join(folder, name), { force: true });
    await rm(join(folder, `${name}.json`), { force: true });
    stamps.delete(name);
  };

  const remember = async (sha256: string, stamp: Stamp) => {
    stamps.set(sha256, stamp);
    // On a full disk there is none, and the file is hashed once more after a restart.
    await writeWhole(`${fileOf(sha256)}.json`, JSON.stringify(stamp)).catch(() => undefined);
  };

  const used = async (sha256: string) => {
    const now = new Date(clock.now());
    // It may have been evicted meanwhile; a reader that has it open keeps it.
    await utimes(`${fileOf(sha256)}.json`, now, now).catch(() => undefined);
  };

  const remembered = async (sha256: string): Promise<Stamp | undefined> => {
    const known = stamps.get(sha256);
    if (known) return known;
    try {
      return Kept.parse(JSON.parse(await readFile(`${fileOf(sha256)}.json`, 'utf8')));
    } catch {
      // Not there or cut short: the file is hashed.
      return undefined;
    }
  };

  const check = async (sha256: string, handle: FileHandle): Promise<void> => {
    const stamp = stampOf(await handle.stat());
    if (isSame(await remembered(sha256), stamp)) {
      stamps.set(sha256, stamp);
      return;
    }
    const saw = await sha256Of(handle);
    if (saw === sha256) {
      await remember(sha256, stamp);
      return;
    }
    warn({ file: fileOf(sha256), expected: sha256, saw }, 'a file of the mirror cache is damaged and was deleted');
    await remove(sha256);
  };

  const partsAndFiles = async () => {
    const names = (await readdir(folder)).filter((name) => ours.test(name));
    const looked = names.map(async (name) => {
      // Evicted meanwhile, it takes no room.
      const file = await stat(join(folder, name)).catch(() => undefined);
      const use = await stat(join(folder, `${name}.json`)).catch(() => file);
      const bytes = Math.max(file?.size ?? 0, promised.get(name.slice(0, 64)) ?? 0);
      const usedMs = name.endsWith('.part') ? file?.mtimeMs : use?.mtimeMs;
      return { name, sha256: name.slice(0, 64), bytes, usedMs: usedMs ?? 0 };
    });
    return (await Promise.all(looked)).toSorted((one, other) => one.usedMs - other.usedMs);
  };

  return {
    hold,
    partOf: (sha256) => `${fileOf(sha256)}.part`,
    open: async (sha256, signal) => {
      const opened = open(fileOf(sha256), constants.O_RDONLY | constants.O_NONBLOCK);
      const handle = await unlessErrno(opened, 'ENOENT');
      if (!handle) return undefined;
      const holding = hold(sha256);
      signal.addEventListener('abort', () => holding[Symbol.dispose](), { once: true });
      if (signal.aborted) holding[Symbol.dispose]();
      try {
        const stats = await handle.stat();
        const isKnown = () => isSame(stamps.get(sha256), stampOf(stats));
        if (!isKnown()) {
          const checked = checking.get(sha256) ?? check(sha256, handle).finally(() => checking.delete(sha256));
          checking.set(sha256, checked);
          await checked;
        }
        if (!isKnown()) {
          await handle.close();
          return undefined;
        }
        await used(sha256);
        return { handle, stats };
      } catch (error) {
        await handle.close();
        throw error;
      }
    },
    keep: async (sha256) => {
      await rename(`${fileOf(sha256)}.part`, fileOf(sha256));
      await rm(`${fileOf(sha256)}.part.json`, { force: true });
      await remember(sha256, stampOf(await stat(fileOf(sha256))));
      await used(sha256);
    },
    makeRoom: async (sha256, bytes) => {
      if (bytes > most)
        throw new Fault(
          'storage_full',
          `A file of ${bytes} bytes does not fit into the mirror's cache of ${most} bytes. Raise [mirror] cache_size.`,
        );
      promised.set(sha256, bytes);
      const there = (await partsAndFiles()).filter((file) => file.sha256 !== sha256);
      let sum = there.reduce((all, file) => all + file.bytes, bytes);
      for (const file of there) {
        if (sum <= most) break;
        if (held.has(file.sha256)) continue;
        await remove(file.name);
        sum -= file.bytes;
      }
    },
    prepare: async () => {
      await mkdir(folder, { recursive: true, mode: 0o750 });
      const names = new Set(await readdir(folder));
      for (const name of names) {
        const [, base = ''] = /^([0-9a-f]{64}(?:\.part)?)\.json$/.exec(name) ?? [];
        const isAside = name.endsWith(`.json${temporarySuffix}`) && /^[0-9a-f]{64}/.test(name);
        const isAlone = (base !== '' && !names.has(base)) || (/\.part$/.test(name) && !names.has(`${name}.json`));
        if (isAside || (isAlone && (base !== '' || ours.test(name)))) await rm(join(folder, name), { force: true });
      }
    },
  };
};
