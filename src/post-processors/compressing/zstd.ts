import { open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib';
import type { Digest } from '../../image/types.ts';
import type { Compression } from './formats.ts';
import { writeHashed } from '../../image/write-hashed.ts';
import { blockBytes } from './blocks.ts';

const threads = Math.max(1, availableParallelism());

/**
 * How much zstd is given at once, and how much of it one thread compresses. With threads, ZSTD_e_continue may leave input behind
 * while they are all at work, which Node takes for the end of the stream (https://github.com/nodejs/node/issues/59899);
 * ZSTD_e_flush waits until all is taken (zstd.h, ZSTD_compressStream2), so that what is flushed has to be work for all threads.
 */
const flushedBytes = 32 * blockBytes;
const jobBytes = 4 * blockBytes;

const compressor = (level: number, size: number): ZstdCompress => {
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
  // The frame says how large the file is that comes out of it.
  const options = { pledgedSrcSize: size, chunkSize: blockBytes, flush: constants.ZSTD_e_flush };
  const inThreads = { [constants.ZSTD_c_nbWorkers]: threads, [constants.ZSTD_c_jobSize]: jobBytes };
  try {
    // One worker or many give the same bytes (zstd.h, ZSTD_c_nbWorkers); none at all gives others.
    return createZstdCompress({ ...options, params: { ...params, ...inThreads } });
  } catch {
    // A Node whose zstd was built without threads.
    return createZstdCompress({ ...options, params });
  }
};

/**
 * The bytes of a file in blocks, all in one buffer: zstd has taken a block when it asks for the next. In buffers of their own
 * they are 32 MiB each, of which a busy daemon had half a dozen before their memory was given back.
 */
const blocksInPlace = async function* ({ from, size, signal, onBytes }: Compression): AsyncGenerator<Buffer> {
  await using file = await open(from, 'r');
  const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(flushedBytes, size)));
  for (let at = 0; ;) {
    signal.throwIfAborted();
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, at + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    if (filled === 0) return;
    yield buffer.subarray(0, filled);
    at += filled;
    onBytes(at);
  }
};

/** One frame of zstd (RFC 8878), made by all processors: the same for every number of them. */
export const toZstd = (compression: Compression): Promise<Digest> => {
  const { to, level, size, signal } = compression;
  return writeHashed(to, blocksInPlace(compression), compressor(level, size), signal);
};
