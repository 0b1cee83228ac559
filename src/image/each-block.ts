import type { FileHandle } from 'node:fs/promises';

/** Large enough that SHA-256 and the disk are the limit, small enough that hashing one does not hold up the daemon. */
const blockBytes = 1024 * 1024;

/**
 * Buffers that nobody uses now. A new one for each file of a folder would be outside of V8's heap what makes it collect
 * its garbage again and again: a thousand small files took a second of that.
 */
const idle: Buffer[] = [];
const mostIdle = 2;

/**
 * Shows an open file block by block, and returns its size in bytes. The buffer is the same each time: what is in it is
 * gone with the next block, and with the end.
 */
export const eachBlock = async (
  file: FileHandle,
  signal: AbortSignal,
  see: (block: Buffer, offset: number) => Promise<void> | void,
): Promise<number> => {
  const buffer = idle.pop() ?? Buffer.allocUnsafe(blockBytes);
  try {
    for (let offset = 0; ;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, blockBytes, offset);
      if (bytesRead === 0) return offset;
      await see(buffer.subarray(0, bytesRead), offset);
      offset += bytesRead;
    }
  } finally {
    if (idle.length < mostIdle) idle.push(buffer);
  }
};
