import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { algorithms, type ChecksumAlgorithm } from '../fetch/checksum.ts';

export type ReceivedDigests = Readonly<Record<ChecksumAlgorithm, string>>;

// Asked of the disk for each chunk it would cost more than the hashing.
const countedBytes = 4 * 1024 * 1024;

/**
 * Writes a stream into a new file, hashed on the way and on the disk when this returns. `count` is told how many bytes have
 * come, every few megabytes and at the end, and may throw.
 */
export const receiveFile = async (
  body: Readable,
  path: string,
  count: (bytes: number) => Promise<void>,
  signal: AbortSignal,
): Promise<{ readonly bytes: number; readonly digests: ReceivedDigests }> => {
  const hashes = algorithms.map((algorithm) => [algorithm, createHash(algorithm)] as const);
  await using file = await open(path, 'wx', 0o640);
  let bytes = 0;
  let counted = 0;
  const chunks: AsyncIterable<Buffer> = body;
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    for (const [, hash] of hashes) hash.update(chunk);
    for (let at = 0; at < chunk.length;)
      at += (await file.write(chunk, at, chunk.length - at, bytes + at)).bytesWritten;
    bytes += chunk.length;
    if (bytes - counted < countedBytes) continue;
    counted = bytes;
    await count(bytes);
  }
  signal.throwIfAborted();
  await count(bytes);
  await file.sync();
  const digest = (wanted: ChecksumAlgorithm) =>
    hashes.find(([algorithm]) => algorithm === wanted)?.[1].digest('hex') ?? '';
  return {
    bytes,
    digests: { md5: digest('md5'), sha1: digest('sha1'), sha256: digest('sha256'), sha512: digest('sha512') },
  };
};
