import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** How much is read and written at once. */
export const blockBytes = 1024 * 1024;

/** The bytes of a file in blocks; `onBytes` is told how many have been taken. */
export const blocksOf = async function* (
  from: string,
  onBytes: (bytes: number) => void,
  blockSize = blockBytes,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const block of createReadStream(from, { highWaterMark: blockSize }) as AsyncIterable<Buffer>) {
    yield block;
    bytes += block.length;
    onBytes(bytes);
  }
};

/** Reads until the buffer is full or the file has ended, and gives what came. */
const fill = async (file: FileHandle, buffer: Buffer): Promise<Buffer> => {
  let filled = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled);
    filled += bytesRead;
    if (bytesRead === 0 || filled === buffer.length) return buffer.subarray(0, filled);
  }
};

/**
 * The same in two buffers that take turns: while one block is worked on the next is read, and no memory is made for it, which costs the
 * kernel as much as reading. A block is whole until the next one is asked for, and no longer.
 */
export const blocksInTurn = async function* (
  from: string,
  onBytes: (bytes: number) => void,
  blockSize: number,
): AsyncGenerator<Buffer> {
  await using file = await open(from);
  let [buffer, other] = [Buffer.allocUnsafeSlow(blockSize), Buffer.allocUnsafeSlow(blockSize)];
  let bytes = 0;
  let block = await fill(file, buffer);
  while (block.length > 0) {
    const next = fill(file, other);
    // Whoever goes before it is awaited leaves it behind; closing the file waits for it.
    next.catch(() => undefined);
    yield block;
    bytes += block.length;
    onBytes(bytes);
    [buffer, other] = [other, buffer];
    block = await next;
  }
};
