import { availableParallelism } from 'node:os';
import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib';
import type { Digest } from '../../image/types.ts';
import type { Compression } from './formats.ts';
import { blockBytes, blocksOf, writeHashed } from './write-hashed.ts';

const threads = Math.max(1, availableParallelism());

const compressor = (level: number, size: number): ZstdCompress => {
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
  // The frame says how large the file is that comes out of it.
  const options = { pledgedSrcSize: size, chunkSize: blockBytes };
  try {
    // One worker or many give the same bytes (zstd.h, ZSTD_c_nbWorkers); none at all gives others.
    return createZstdCompress({ ...options, params: { ...params, [constants.ZSTD_c_nbWorkers]: threads } });
  } catch {
    // A Node whose zstd was built without threads.
    return createZstdCompress({ ...options, params });
  }
};

/** One frame of zstd (RFC 8878), made by all processors: the same for every number of them. */
export const toZstd = ({ from, to, level, size, signal, onBytes }: Compression): Promise<Digest> =>
  writeHashed(blocksOf(from, onBytes), to, signal, compressor(level, size));
