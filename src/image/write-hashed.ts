import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Digest } from './types.ts';

const blockBytes = 1024 * 1024;

/**
 * Writes a new file of mode 0600, through a compressor where there is one, and hashes what is written in the same pass.
 * Throws the reason of the signal.
 */
export const writeHashed = async (
  to: string,
  bytes: AsyncIterable<Buffer>,
  compressor: Transform | undefined,
  signal: AbortSignal,
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
  const target = createWriteStream(to, { flags: 'wx', mode: 0o600, highWaterMark: blockBytes });
  try {
    if (compressor === undefined) await pipeline(bytes, hashed, target, { signal });
    else await pipeline(bytes, compressor, hashed, target, { signal });
    return { size, sha256: hash.digest('hex') };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
};
