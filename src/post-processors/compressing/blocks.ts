import { createReadStream } from 'node:fs';

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
