import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readFile, rm, type FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { writeWhole } from '../base/file/write-whole.ts';
import type { ChecksumAlgorithm } from './checksum.ts';
import { hashInto } from './digest.ts';
import type { FetchProgress } from './progress.ts';

/** What upstream said of the file that a part is of: it must be the same one to go on (RFC 9110, 13.1.5). */
export const PartAbout = z.strictObject({
  length: z.number().optional(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
});
export type PartAbout = z.infer<typeof PartAbout>;

/** Opens the part of a download for reading and writing. */
export const openPart = (part: string): Promise<FileHandle> => open(part, constants.O_RDWR | constants.O_CREAT, 0o640);

/** The bytes of a file that have come so far, hashed as they come; beside it, as `PART.json`, what upstream said of the file. */
export type FetchedPart = {
  readonly about: () => PartAbout;
  /** Goes on with what an earlier run left there; starts over where that cannot be. */
  readonly goOn: () => Promise<void>;
  /** Throws away all that is there. */
  readonly startOver: () => Promise<void>;
  /** Starts over with the file that upstream has said this of. Throws `storage_full`. */
  readonly begin: (about: PartAbout) => Promise<void>;
  readonly write: (bytes: Buffer) => Promise<void>;
  /** The digest of all that is there, in hexadecimal. To be called once; then the part is started over, removed, or right. */
  readonly hex: () => string;
  /** What is there came in more than one reply, and may be of different files. */
  readonly isPieced: () => boolean;
  readonly addPiece: () => void;
  /** Whether a write has failed: asking upstream again would meet the same. */
  readonly hasDiskFailed: () => boolean;
  readonly remove: () => Promise<void>;
};

type PartParts = {
  readonly path: string;
  readonly algorithm: ChecksumAlgorithm;
  readonly progress: FetchProgress;
  readonly signal: AbortSignal;
  readonly makeRoom: (bytes: number) => Promise<void>;
};

// One closure, though long: every function of it is about the same few bytes and their hash.
export const makePart = (
  handle: FileHandle,
  { path, algorithm, progress, signal, makeRoom }: PartParts,
): FetchedPart => {
  const memo = `${path}.json`;
  let about: PartAbout = {};
  let hash: Hash = createHash(algorithm);
  let isPieced = false;
  let diskFailed = false;

  const startOver = async () => {
    await handle.truncate(0);
    hash = createHash(algorithm);
    isPieced = false;
    if (progress.have > 0) progress.round++;
    progress.have = 0;
    progress.length = undefined;
    about = {};
    progress.tell();
  };

  const goOn = async () => {
    const { size } = await handle.stat();
    try {
      about = PartAbout.parse(JSON.parse(await readFile(memo, 'utf8')));
      if (about.length !== undefined && size > about.length) throw new Error('longer than its file');
      progress.have = await hashInto(hash, handle, size, signal);
      progress.length = about.length;
      isPieced = size > 0;
      progress.tell();
    } catch {
      signal.throwIfAborted();
      await startOver();
    }
  };

  const begin = async (said: PartAbout) => {
    await startOver();
    about = said;
    if (about.length !== undefined) await makeRoom(about.length);
    await writeWhole(memo, JSON.stringify(about));
    progress.length = about.length;
    progress.tell();
  };

  const write = async (bytes: Buffer) => {
    hash.update(bytes);
    try {
      for (let at = 0; at < bytes.length;)
        at += (await handle.write(bytes, at, bytes.length - at, progress.have + at)).bytesWritten;
    } catch (error) {
      diskFailed = true;
      throw error;
    }
    progress.have += bytes.length;
    progress.tell();
  };

  return {
    about: () => about,
    goOn,
    startOver,
    begin,
    write,
    hex: () => hash.digest('hex'),
    isPieced: () => isPieced,
    addPiece: () => {
      isPieced = true;
    },
    hasDiskFailed: () => diskFailed,
    remove: async () => {
      await rm(path, { force: true });
      await rm(memo, { force: true });
    },
  };
};
