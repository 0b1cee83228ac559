import { promisify } from 'node:util';
import { constants, inflateRaw, zstdDecompress } from 'node:zlib';

const inflate = promisify(inflateRaw);
const unzstd = promisify(zstdDecompress);

/** How many bytes the zstd frame at the beginning has (RFC 8878, section 3.1.1): what lies behind it is another cluster's. */
const frameBytes = (bytes: Buffer): number => {
  const descriptor = bytes.readUInt8(4);
  const isSingle = (descriptor & 0x20) !== 0;
  const flag = descriptor >> 6;
  const sizeBytes = flag === 0 ? Number(isSingle) : 1 << flag;
  let at = 5 + Number(!isSingle) + ([0, 1, 2, 4][descriptor & 3] ?? 0) + sizeBytes;
  for (;;) {
    const header = bytes.readUIntLE(at, 3);
    const isRun = ((header >> 1) & 3) === 1;
    at += 3 + (isRun ? 1 : header >> 3);
    if ((header & 1) === 1) return at + ((descriptor & 4) === 0 ? 0 : 4);
  }
};

/** A compressed cluster of qcow2, which is at the beginning of what was read, and what it holds. Throws where it is damaged. */
export const inflateCluster = (bytes: Buffer, clusterBytes: number, by: 'deflate' | 'zstd'): Promise<Buffer> => {
  const maxOutputLength = clusterBytes;
  return by === 'deflate'
    ? inflate(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength })
    : unzstd(bytes.subarray(0, frameBytes(bytes)), { maxOutputLength });
};
