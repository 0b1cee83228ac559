import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Fault } from '../../base/fault.ts';
import type { FetchProgress } from '../../fetch/progress.ts';

/** How much of a file is kept back until its digest is known to be right, in bytes. */
const heldBackBytes = 64 * 1024;

const blockBytes = 256 * 1024;

/** A download as it is sent to one reader. */
export type FollowedMirror = {
  readonly stream: Readable;
  /** How many bytes have left the stream. */
  readonly sent: () => number;
};

/**
 * The bytes of a download while it goes on. The last block comes only when the digest is right; when it is wrong, or
 * when what was read already turns out to be of another file, the stream fails instead, so that its reader never
 * has a whole file that is not the signed one. `length` is the one that was told to the reader.
 */
export const follow = (
  handle: FileHandle,
  progress: FetchProgress,
  length: number,
  signal: AbortSignal,
): FollowedMirror => {
  let came = 0;
  const blocks = blocksOf(handle, progress, length, signal, (bytes) => (came += bytes));
  const stream = Readable.from(blocks, { objectMode: false, highWaterMark: blockBytes });
  return { stream, sent: () => came - stream.readableLength };
};

const blocksOf = async function* (
  handle: FileHandle,
  progress: FetchProgress,
  length: number,
  signal: AbortSignal,
  onBlock: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  let { round } = progress;
  for (let at = 0; at < length;) {
    signal.throwIfAborted();
    if (progress.round !== round && at > 0)
      throw new Fault('mirror_unavailable', 'Upstream began anew with another file while this one was sent.');
    ({ round } = progress);
    const isVerified = progress.state() === 'verified';
    if (progress.length !== undefined && progress.length !== length)
      throw new Fault('mirror_unavailable', 'Upstream changed the length of the file while it was sent.');
    const upTo = isVerified ? length : Math.min(progress.have, length - heldBackBytes);
    if (at >= upTo) {
      await progress.news(signal);
      continue;
    }
    const block = Buffer.allocUnsafe(Math.min(blockBytes, upTo - at));
    const { bytesRead } = await handle.read(block, 0, block.length, at);
    // Truncated since, which is a new round.
    if (progress.round !== round || bytesRead === 0) continue;
    at += bytesRead;
    onBlock(bytesRead);
    yield block.subarray(0, bytesRead);
  }
};
