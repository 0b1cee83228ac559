import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { asFault } from '../../base/fault.ts';

/** The bytes of a file that have come so far, hashed as they come. Disposing it closes it, and leaves it there. */
export type DownloadPart = AsyncDisposable & {
  readonly have: () => number;
  readonly write: (bytes: Uint8Array) => Promise<void>;
  readonly startOver: () => Promise<void>;
  /** SHA-256 of all that is there, in hexadecimal. To be called once, after the last byte; all is on the disk then. */
  readonly end: () => Promise<string>;
};

// What is not there is made, and what is there under this name is a file of ours, no link to another one.
const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;

/** Hashes what is there, and gives how much that is. */
const hashAll = async (hash: Hash, handle: FileHandle, signal: AbortSignal): Promise<number> => {
  const buffer = Buffer.allocUnsafe(256 * 1024);
  for (let at = 0; ;) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return at;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
};

const ofDisk = (error: unknown): never => {
  throw asFault(error);
};

/** Opens the part; `resume`: goes on with what is there, unless it is longer than its file. */
export const openPart = async (
  path: string,
  { size, resume, signal }: { readonly size: number; readonly resume: boolean; readonly signal: AbortSignal },
): Promise<DownloadPart> => {
  const handle = await open(path, flags, 0o644);
  let hash = createHash('sha256');
  let have = 0;
  const startOver = async () => {
    await handle.truncate(0);
    hash = createHash('sha256');
    have = 0;
  };
  try {
    if (resume && (await handle.stat()).size <= size) have = await hashAll(hash, handle, signal);
    else await startOver();
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    have: () => have,
    startOver,
    write: async (bytes) => {
      for (let at = 0; at < bytes.byteLength;)
        at += (await handle.write(bytes, at, bytes.byteLength - at, have + at).catch(ofDisk)).bytesWritten;
      hash.update(bytes);
      have += bytes.byteLength;
    },
    end: async () => {
      await handle.sync().catch(ofDisk);
      return hash.digest('hex');
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
};
