/** A buffer to read into; what is in it is gone once it is disposed of. */
export type Scratch = Disposable & { readonly buffer: Buffer };

// As many as are read at the same time, mostly.
const mostIdle = 2;

/**
 * Buffers of so many bytes, each for one reader at a time, and used again. A new one for each read is memory outside of V8's
 * heap, and every 32 MB of it makes V8 collect its garbage: a thousand small files, or lines of a console that were read
 * into 64 KiB each, took a second of that.
 */
export const scratchOf = (bytes: number): (() => Scratch) => {
  const idle: Buffer[] = [];
  return () => {
    const buffer = idle.pop() ?? Buffer.allocUnsafeSlow(bytes);
    return {
      buffer,
      [Symbol.dispose]: () => {
        if (idle.length < mostIdle) idle.push(buffer);
      },
    };
  };
};
