import type { DiskReader } from './types.ts';

const blockBytes = 1024 * 1024;

/** What is looked at for zeros: a grain of VMDK, and a cluster of qcow2 as most have it. */
export const grainBytes = 64 * 1024;

const zeros = Buffer.alloc(grainBytes);

/** A part of a disk that is not all zero; what is in the buffer is gone with the next. */
export type Grain = { readonly at: number; readonly bytes: Buffer };

/**
 * The grains of a disk that are not zero, in order; the last may be shorter. `seen` is told how far reading is.
 * Memory stays the same for a disk of any size.
 */
export const eachGrain = async function* (
  disk: DiskReader,
  signal: AbortSignal,
  seen: (bytes: number) => void = () => undefined,
): AsyncGenerator<Grain, void, undefined> {
  const buffer = Buffer.allocUnsafe(blockBytes);
  for (let at = 0; at < disk.size; at += blockBytes) {
    signal.throwIfAborted();
    const block = buffer.subarray(0, Math.min(blockBytes, disk.size - at));
    await disk.read(block, at);
    for (let first = 0; first < block.length; first += grainBytes) {
      const bytes = block.subarray(first, first + grainBytes);
      if (bytes.compare(zeros, 0, bytes.length) !== 0) yield { at: at + first, bytes };
    }
    seen(at + block.length);
  }
};
