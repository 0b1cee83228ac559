import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { PassThrough, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Digest } from '../../image/types.ts';

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

/** Writes what comes to a new file, mode 0600, and hashes it in the same pass. Throws the signal's reason. */
export const writeHashed = async (
  source: AsyncIterable<Buffer>,
  to: string,
  signal: AbortSignal,
  through: Transform = new PassThrough({ highWaterMark: blockBytes }),
): Promise<Digest> => {
  const hash = createHash('sha256');
  let size = 0;
  const hashed = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  };
  const file = createWriteStream(to, { flags: 'wx', mode: 0o600, highWaterMark: blockBytes });
  try {
    await pipeline(source, through, hashed, file, { signal });
    return { size, sha256: hash.digest('hex') };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
};
