import { Decompress } from 'fzstd';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { Fault } from '../base/fault.ts';
import { zstdGuard } from './zstd-frames.ts';

export type Encoding = 'identity' | 'gzip' | 'zstd';

/** A stage of a pipeline: bytes in, bytes out. */
export type Stage = (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

// fzstd, for Node's own decoder drops what follows the first frame of a chunk (22 and 24, not 26), and takes a stream that
// was cut off for whole (22).
// Bytes of zstd that are unpacked in one go: a block of 4 bytes can stand for 128 KiB, and one go cannot be paused.
const zstdSlice = 1024;

async function* unzstd(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const made: Uint8Array[] = [];
  const guard = zstdGuard();
  const zstd = new Decompress((chunk) => made.push(chunk));
  for await (const chunk of bytes)
    for (let from = 0; from < chunk.length; from += zstdSlice) {
      const slice = Uint8Array.from(chunk.subarray(from, from + zstdSlice));
      guard(slice);
      zstd.push(slice);
      yield* made.splice(0);
      // The decoder is JavaScript: the daemon has its turn between two slices.
      await setImmediate();
    }
  zstd.push(new Uint8Array(0), true);
  yield* made.splice(0);
}

const gunzip: Stage = async function* (bytes) {
  const inflated = createGunzip();
  const fed = pipeline(bytes, inflated);
  // When the reader stops early it is not awaited, and its error about that does not matter.
  fed.catch(() => undefined);
  yield* inflated as AsyncIterable<Uint8Array>;
  await fed;
};

/** The stage that undoes an encoding: gunzip by zlib, zstd by fzstd. */
export const inflate = (encoding: Encoding): Stage =>
  ({ identity: (bytes: AsyncIterable<Uint8Array>) => bytes, gzip: gunzip, zstd: unzstd })[encoding];

/** Counts bytes as they come and stops at the limit, so that a small body cannot become a large folder. */
export const bounded = (mostBytes: number): Stage =>
  async function* (bytes) {
    let seen = 0;
    for await (const chunk of bytes) {
      seen += chunk.length;
      if (seen > mostBytes)
        throw new Fault('too_large', `The archive has more than ${mostBytes} bytes when it is unpacked: send less`, { mostBytes }); // prettier-ignore
      yield chunk;
    }
  };
