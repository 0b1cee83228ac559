import { constants, openSync, watch } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import { isErrno } from '../base/errno.ts';
import { lineClosed } from './serial-line.ts';
import type { SerialLine } from './types.ts';

/** Where a machine writes what its guest says, and whence it takes what is typed: a plain file and a FIFO. */
export type LineFiles = { readonly said: string; readonly typed: string };

const readAtOnce = 64 * 1024;

// What comes within this time is read together: a line that never rests is not looked at for each of its bytes.
const togetherMs = 2;

// The kernel may drop notices of a file that changes all the time.
const lookAgainMs = 200;

const never = new AbortController().signal;

/** Resolves when the file has changed since it was read last, or `gone` says that it changes no more. */
const changed = async (path: string, isBehind: () => Promise<boolean>, gone: AbortSignal, clock: Clock) => {
  using again = clock.deadline(lookAgainMs, gone, () => undefined);
  const watcher = watch(path, { persistent: false });
  try {
    const seen = new Promise<void>((resolve) => {
      watcher.once('change', () => resolve());
      watcher.once('error', () => resolve());
      again.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    // It may have changed before it was watched.
    if (again.signal.aborted || (await isBehind())) return;
    await seen;
  } finally {
    watcher.close();
  }
};

/** All that is in the file and comes into it, from its beginning, until `gone` and its end. */
const readAll = async function* (file: FileHandle, path: string, gone: AbortSignal, clock: Clock) {
  let at = 0;
  try {
    for (;;) {
      const isLast = gone.aborted;
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(readAtOnce), 0, readAtOnce, at);
      at += bytesRead;
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      else if (isLast) return;
      else await changed(path, async () => (await file.stat()).size > at, gone, clock);
      if (bytesRead < readAtOnce) await clock.sleep(togetherMs, never);
    }
  } finally {
    await file.close();
  }
};

/** Undefined where nobody takes what is typed any more. */
const keyboardAt = (typed: string): Socket | undefined => {
  try {
    const fd = openSync(typed, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    // An error is told to the writers.
    return new Socket({ fd, readable: false, writable: true }).on('error', () => undefined);
  } catch (error) {
    if (isErrno(error, 'ENXIO')) return undefined;
    throw error;
  }
};

/**
 * A serial line by way of a file: it begins with the first byte that the guest ever said, whoever was there to read it, so
 * a daemon that comes later misses nothing. The guest does not wait for the reader. `gone` aborts when nothing more comes.
 * Disposing it lets a reader come to the end.
 */
export const fileLine = async (
  { said, typed }: LineFiles,
  gone: AbortSignal,
  clock: Clock,
): Promise<SerialLine & AsyncDisposable> => {
  const file = await open(said, constants.O_RDONLY | constants.O_NOFOLLOW);
  const keyboard = keyboardAt(typed);
  let isRead = false;
  const bytes = async function* () {
    isRead = true;
    yield* readAll(file, said, gone, clock);
  };
  return {
    bytes: bytes(),
    write: (typing) =>
      new Promise((resolve, reject) => {
        if (gone.aborted || keyboard?.writable !== true) reject(lineClosed());
        else keyboard.write(typing, (error) => (error ? reject(lineClosed(error)) : resolve()));
      }),
    [Symbol.asyncDispose]: async () => {
      keyboard?.destroy();
      if (!isRead) await file.close();
    },
  };
};
