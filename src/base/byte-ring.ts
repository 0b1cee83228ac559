/** The last bytes of what was put in; how many that may be is fixed. */
export type ByteRing = {
  readonly put: (bytes: Uint8Array) => void;
  /** How many it has. */
  readonly length: () => number;
  /** Takes all of them out: at most the last `most` come back, and the others are lost. */
  readonly take: (most: number) => Buffer;
};

export const makeByteRing = (size: number): ByteRing => {
  // Made when it is first needed: most builds never say that much.
  let ring: Buffer | undefined;
  let end = 0;
  let length = 0;
  return {
    put: (bytes) => {
      const memory = (ring ??= Buffer.alloc(size));
      const last = bytes.subarray(Math.max(0, bytes.byteLength - size));
      const fits = Math.min(last.byteLength, size - end);
      memory.set(last.subarray(0, fits), end);
      memory.set(last.subarray(fits), 0);
      end = (end + last.byteLength) % size;
      length = Math.min(size, length + bytes.byteLength);
    },
    length: () => length,
    take: (most) => {
      const taken = Math.min(most, length);
      const begin = (end - taken + size) % size;
      const first = Math.min(taken, size - begin);
      const memory = ring ?? Buffer.alloc(0);
      const bytes = Buffer.concat([memory.subarray(begin, begin + first), memory.subarray(0, taken - first)]);
      length = 0;
      return bytes;
    },
  };
};
