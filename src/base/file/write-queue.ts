import type { FileHandle } from 'node:fs/promises';
import { deferred } from '../waiting.ts';

// Small pieces of a slow line are written as they come; a fast line fills this much while one write is under way.
const mostWaiting = 256 * 1024;

/** Bytes in line for the end of a file, written in their order, as many at a time as wait. */
export type WriteQueue = {
  readonly put: (bytes: Uint8Array) => void;
  /** Resolves when there is room for more, or writing has failed. Never rejects. */
  readonly room: () => Promise<void>;
  /** Resolves when all is written, or writing has failed. Never rejects. */
  readonly written: () => Promise<void>;
  /** Nothing more is written, for this reason; the first one counts. */
  readonly fail: (error: unknown) => void;
  readonly throwIfFailed: () => void;
  /** Rejects as soon as it fails. Never resolves. */
  readonly failed: Promise<never>;
};

/** `grew` is called after each write. An error of the disk makes the queue fail. */
export const makeWriteQueue = (file: FileHandle, grew: () => void): WriteQueue => {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let writing: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;
  let freed = deferred<void>();
  const failed = deferred<never>();

  const fail = (error: unknown) => {
    if (failure) return;
    failure = { error };
    failed.reject(error);
  };
  const writeAll = async () => {
    while (waiting.length > 0 && !failure) {
      const [first, ...rest] = waiting;
      const batch = first && rest.length === 0 ? first : Buffer.concat(waiting);
      waiting = [];
      waitingBytes = 0;
      try {
        // A write may take less than it was given, as the last one before a full disk does.
        for (let at = 0; at < batch.byteLength;)
          at += (await file.write(batch, at, batch.byteLength - at)).bytesWritten;
        grew();
      } catch (error) {
        fail(error);
      }
      const told = freed;
      freed = deferred();
      told.resolve();
    }
    writing = undefined;
  };
  return {
    put: (bytes) => {
      waiting.push(bytes);
      waitingBytes += bytes.byteLength;
      writing ??= writeAll();
    },
    room: async () => {
      while (waitingBytes >= mostWaiting && !failure) await freed.promise;
    },
    written: async () => writing,
    fail,
    throwIfFailed: () => {
      if (failure) throw failure.error;
    },
    failed: failed.promise,
  };
};
