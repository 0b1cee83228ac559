import { open } from 'node:fs/promises';
import type { Growth } from '../growth.ts';
import { settled } from '../waiting.ts';

/** A file that only grows. */
export type Transcript = AsyncDisposable & {
  /** Puts the bytes in line for the disk; resolves when there is room for more. Rejects with the error of the disk. */
  readonly append: (bytes: Uint8Array) => Promise<void>;
  /** Resolves when everything is on file. Rejects with the error of the disk. */
  readonly flush: () => Promise<void>;
  /** Rejects as soon as a write has failed, also when nobody appends. Never resolves. */
  readonly failed: Promise<never>;
};

// Small pieces of a slow line are written as they come; a fast line fills this much while one write is under way.
const mostWaiting = 256 * 1024;

/** Opens the file at `path` for appending, and tells `growth` whenever bytes are on it. */
export const openTranscript = async (path: string, growth: Growth): Promise<Transcript> => {
  const file = await open(path, 'a', 0o640);
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let writing = Promise.resolve();
  let isWriting = false;
  let failure: { readonly error: unknown } | undefined;
  let room = settled<void>();
  const failed = settled<never>();

  const writeAll = async () => {
    isWriting = true;
    while (waiting.length > 0 && !failure) {
      const [first, ...rest] = waiting;
      const batch = first && rest.length === 0 ? first : Buffer.concat(waiting);
      waiting = [];
      waitingBytes = 0;
      try {
        // A write may take less than it was given, as the last one before a full disk does.
        for (let at = 0; at < batch.byteLength;)
          at += (await file.write(batch, at, batch.byteLength - at)).bytesWritten;
        growth.grew(path);
      } catch (error) {
        failure = { error };
        failed.reject(error);
      }
      const told = room;
      room = settled();
      told.resolve();
    }
    isWriting = false;
  };
  const throwFailure = () => {
    if (failure) throw failure.error;
  };
  const flush = async () => {
    await writing;
    throwFailure();
  };
  return {
    append: async (bytes) => {
      throwFailure();
      waiting.push(bytes);
      waitingBytes += bytes.byteLength;
      if (!isWriting) writing = writeAll();
      while (waitingBytes >= mostWaiting && !failure) await room.promise;
      throwFailure();
    },
    flush,
    failed: failed.promise,
    [Symbol.asyncDispose]: async () => {
      await writing;
      await file.close();
    },
  };
};
