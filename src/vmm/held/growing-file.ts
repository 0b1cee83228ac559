import { constants, watch } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { scratchOf } from '../../base/file/scratch.ts';

const readAtOnce = 64 * 1024;

const chunk = scratchOf(readAtOnce);

/** What stands from an offset on, as much as is read at once, in a buffer of its own length: most is a line. */
const readSome = async (file: FileHandle, at: number): Promise<Buffer> => {
  using scratch = chunk();
  const { bytesRead } = await file.read(scratch.buffer, 0, readAtOnce, at);
  return Buffer.from(scratch.buffer.subarray(0, bytesRead));
};

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

const readAll = async function* (file: FileHandle, path: string, gone: AbortSignal, clock: Clock) {
  let at = 0;
  try {
    for (;;) {
      const isLast = gone.aborted;
      const bytes = await readSome(file, at);
      at += bytes.length;
      if (bytes.length > 0) yield bytes;
      else if (isLast) return;
      else await changed(path, async () => (await file.stat()).size > at, gone, clock);
      if (bytes.length < readAtOnce) await clock.sleep(togetherMs, never);
    }
  } finally {
    await file.close();
  }
};

/** A file that another program appends to. */
export type GrowingFile = AsyncDisposable & {
  /** All that is in it and comes into it, from its beginning, until `gone` and its end. One reader. */
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly isRead: () => boolean;
};

/** Opens it; `gone` aborts when nothing more comes. Disposing it closes a file that is not read. */
export const openGrowingFile = async (path: string, gone: AbortSignal, clock: Clock): Promise<GrowingFile> => {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  let isRead = false;
  const read = async function* () {
    isRead = true;
    yield* readAll(file, path, gone, clock);
  };
  return {
    bytes: read(),
    isRead: () => isRead,
    [Symbol.asyncDispose]: async () => {
      if (!isRead) await file.close();
    },
  };
};
