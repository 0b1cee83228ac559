import { Fault } from '../base/fault.ts';

// RFC 8878, section 3.1.1: what every decoder should take, and what zstd(1) makes up to level 19.
const mostWindow = 8 * 1024 * 1024;
const mostBlock = 128 * 1024;
// fzstd moves its whole window for each block. This is some ten seconds of that; honest archives need a second.
const mostMoved = 64 * 1024 ** 3;

const refuse = (what: string): never => {
  throw new Fault('context_invalid', `The zstd archive ${what}.`);
};

type Wanted = { readonly bytes: number; readonly read: (bytes: Buffer) => Wanted };

/**
 * Walks along the frames of a zstd stream and refuses, before they are decoded, those that would cost the host more
 * memory or time than they are worth. Call it with each chunk, in order. Throws `context_invalid`.
 */
// One closure, though long: each part of a frame says which comes next.
export const zstdGuard = (): ((chunk: Uint8Array) => void) => {
  let moved = 0;

  const skip = (bytes: number, then: () => Wanted): Wanted => {
    if (bytes === 0) return then();
    const most = Math.min(bytes, mostBlock);
    return { bytes: most, read: () => skip(bytes - most, then) };
  };

  const block = (window: number, checksum: number): Wanted => ({
    bytes: 3,
    read: (bytes) => {
      const header = bytes.readUIntLE(0, 3);
      const size = header >> 3;
      const isRun = ((header >> 1) & 3) === 1;
      if (size > mostBlock) refuse(`has a block of more than ${mostBlock} bytes`);
      moved += window;
      if (moved > mostMoved) refuse('is made of far too many blocks: pack it again');
      return skip(isRun ? 1 : size, () => ((header & 1) === 1 ? skip(checksum, magic) : block(window, checksum)));
    },
  });

  const frame = (descriptor: number): Wanted => {
    const isSingle = (descriptor & 0x20) !== 0;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
    const flag = descriptor >> 6;
    const sizeBytes = flag === 0 ? Number(isSingle) : 1 << flag;
    return {
      bytes: Number(!isSingle) + dictionaryBytes + sizeBytes,
      read: (bytes) => {
        const [first = 0] = bytes;
        const size = sizeBytes === 8 ? Number(bytes.readBigUInt64LE(bytes.length - 8)) : sizeBytes === 0 ? 0 : bytes.readUIntLE(bytes.length - sizeBytes, sizeBytes); // prettier-ignore
        const exponent = 2 ** (10 + (first >> 3));
        const window = isSingle ? size : exponent + (exponent / 8) * (first & 7);
        if (window > mostWindow) refuse('needs a window of more than 8 MiB: pack it without --long or --ultra');
        return block(window, (descriptor & 4) === 0 ? 0 : 4);
      },
    };
  };

  const magic = (): Wanted => ({
    bytes: 4,
    read: (bytes) => {
      const word = bytes.readUInt32LE(0);
      if (word === 0xfd2f_b528) return { bytes: 1, read: (next) => frame(next.readUInt8(0)) };
      if (word >>> 4 !== 0x184_d2a5) return refuse('is none: it does not begin as zstd does');
      return { bytes: 4, read: (next) => skip(next.readUInt32LE(0), magic) };
    },
  });

  let wanted = magic();
  let kept = Buffer.alloc(0);
  return (chunk) => {
    for (let from = 0; from < chunk.length;) {
      const part = chunk.subarray(from, from + wanted.bytes - kept.length);
      from += part.length;
      kept = Buffer.concat([kept, part]);
      if (kept.length < wanted.bytes) continue;
      const bytes = kept;
      kept = Buffer.alloc(0);
      wanted = wanted.read(bytes);
    }
  };
};
