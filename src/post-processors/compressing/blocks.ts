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
  // Without an encoding a file gives bytes.
  const blocks = createReadStream(from, { highWaterMark: blockSize }) as AsyncIterable<Buffer>;
  for await (const block of blocks) {
    yield block;
    bytes += block.length;
    onBytes(bytes);
  }
};
