import { availableParallelism } from 'node:os';
import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib';
import type { Digest } from '../../image/types.ts';
import type { Compression } from './formats.ts';
import { writeHashed } from '../../image/write-hashed.ts';
import { blockBytes, blocksOf } from './blocks.ts';

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

/** One frame of zstd (RFC 8878), made by all processors: the same for every number of them. */
export const toZstd = ({ from, to, level, size, signal, onBytes }: Compression): Promise<Digest> =>
  writeHashed(to, blocksOf(from, onBytes, flushedBytes), compressor(level, size), signal);
