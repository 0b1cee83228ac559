import { readFile, stat, utimes, type FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { writeWhole } from '../base/file/write-whole.ts';
import { checksumOfKey } from './checksum.ts';
import { isSame, hexOf, stampOf, type Stamp } from './digest.ts';

const Kept = z.strictObject({ size: z.number(), mtimeMs: z.number(), ctimeMs: z.number(), ino: z.number() });

/**
 * The stamps of verified files: as long as a file has the stamp that it was hashed with, it is not hashed again. Each is in
 * memory and, as `FILE.json`, beside its file; the mtime of that is the time of last use.
 */
export type Stamps = {
  /** Whether the file with this stamp is known to be right. */
  readonly isKnown: (file: string, stamp: Stamp) => boolean;
  /** Hashes the file where its stamp is another. Gives the digest when that is wrong; undefined: the file is right. */
  readonly check: (file: string, key: string, handle: FileHandle) => Promise<string | undefined>;
  /** The file is right as it stands. */
  readonly keep: (file: string) => Promise<void>;
  readonly used: (file: string) => Promise<void>;
  readonly forget: (file: string) => void;
};

const readKept = async (file: string): Promise<Stamp | undefined> => {
  try {
    return Kept.parse(JSON.parse(await readFile(`${file}.json`, 'utf8')));
  } catch {
    // Not there or cut short: the file is hashed.
    return undefined;
  }
};

export const makeStamps = (clock: Clock): Stamps => {
  const stamps = new Map<string, Stamp>();
  const remember = async (file: string, stamp: Stamp) => {
    stamps.set(file, stamp);
    // On a full disk there is none, and the file is hashed once more after a restart.
    await writeWhole(`${file}.json`, JSON.stringify(stamp)).catch(() => undefined);
  };
  return {
    isKnown: (file, stamp) => isSame(stamps.get(file), stamp),
    check: async (file, key, handle) => {
      const stamp = stampOf(await handle.stat());
      if (isSame(stamps.get(file) ?? (await readKept(file)), stamp)) {
        stamps.set(file, stamp);
        return undefined;
      }
      const { algorithm, hex } = checksumOfKey(key);
      const saw = await hexOf(handle, algorithm);
      if (saw !== hex) return saw;
      await remember(file, stamp);
      return undefined;
    },
    keep: async (file) => remember(file, stampOf(await stat(file))),
    used: async (file) => {
      const now = new Date(clock.now());
      // It may have been evicted meanwhile; a reader that has it open keeps it.
      await utimes(`${file}.json`, now, now).catch(() => undefined);
    },
    forget: (file) => void stamps.delete(file),
  };
};
