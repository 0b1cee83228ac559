import type { FileHandle } from 'node:fs/promises';
import { Fault } from '../../base/fault.ts';

const chunkBytes = 256 * 1024;

/** The first `size` bytes of an open file, in buffers of their own. Throws `disk_failed` where it has fewer. */
export const eachChunk = async function* (
  file: FileHandle,
  size: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  for (let at = 0; at < size;) {
    signal.throwIfAborted();
    const { bytesRead, buffer } = await file.read(
      Buffer.allocUnsafe(chunkBytes),
      ...([0, Math.min(chunkBytes, size - at), at] as const),
    );
    if (bytesRead === 0)
      throw new Fault('disk_failed', `A file of ${size} bytes ended after ${at}, while it was being packed.`);
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
};
