import type { FileHandle } from 'node:fs/promises';
import { scratchOf } from '../base/file/scratch.ts';

/** Large enough that SHA-256 and the disk are the limit, small enough that hashing one does not hold up the daemon. */
const blockBytes = 1024 * 1024;

const block = scratchOf(blockBytes);

/**
 * Shows an open file block by block, and returns its size in bytes. The buffer is the same each time: what is in it is
 * gone with the next block, and with the end.
 */
export const eachBlock = async (
  file: FileHandle,
  signal: AbortSignal,
  see: (block: Buffer, offset: number) => Promise<void> | void,
): Promise<number> => {
  using scratch = block();
  for (let offset = 0; ;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(scratch.buffer, 0, blockBytes, offset);
    if (bytesRead === 0) return offset;
    await see(scratch.buffer.subarray(0, bytesRead), offset);
    offset += bytesRead;
  }
};
