import { open, type FileHandle } from 'node:fs/promises';
import { isErrno } from '../../base/errno.ts';

/** Bytes of a file: from `start` up to, not including, `end`. */
export type ByteRange = { readonly start: number; readonly end: number };

/** A file of a build, as long as it was when it was opened. Disposing it closes it. */
export type OutputReader = AsyncDisposable & {
  readonly size: number;
  /**
   * The bytes of the range, in chunks; fewer than it has where the file ends too early or the signal aborts. A chunk may
   * be overwritten once the next one is asked for. One read at a time.
   */
  readonly read: (range: ByteRange, signal: AbortSignal) => AsyncGenerator<Uint8Array, void>;
};

// Large enough that a turn of the event loop is worth it, small enough to stay in the processor's cache.
const chunkBytes = 256 * 1024;

/**
 * Two buffers take turns, one being read while the other is used: a stream's fresh buffer for every chunk costs more than
 * the copying.
 */
const readRange = async function* (
  file: FileHandle,
  { start, end }: ByteRange,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const read = (buffer: Buffer, at: number) => {
    const reading = file.read(buffer, 0, Math.min(chunkBytes, end - at), at);
    // It may fail while the chunk before is still being used; its error is met where it is awaited.
    reading.then(undefined, () => undefined);
    return reading;
  };
  const bufferBytes = Math.min(chunkBytes, end - start);
  let spare: Buffer = Buffer.allocUnsafeSlow(bufferBytes);
  let reading = read(Buffer.allocUnsafeSlow(bufferBytes), start);
  try {
    for (let at = start; at < end && !signal.aborted;) {
      const { bytesRead, buffer } = await reading;
      if (bytesRead === 0) return;
      at += bytesRead;
      if (at < end) reading = read(spare, at);
      spare = buffer;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    // The file stays open while it is being read.
    await reading.catch(() => undefined);
  }
};

const isMissing = (error: unknown): boolean => isErrno(error, 'ENOENT', 'EISDIR');

/** Opens a file, or gives undefined when there is none. */
export const openReader = async (path: string): Promise<OutputReader | undefined> => {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const stat = await file.stat();
  if (stat.isFile())
    return {
      size: stat.size,
      read: (range, signal) => readRange(file, range, signal),
      [Symbol.asyncDispose]: () => file.close(),
    };
  await file.close();
  return undefined;
};
