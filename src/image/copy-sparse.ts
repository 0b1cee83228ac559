import { createHash } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { eachBlock } from './each-block.ts';

export type Copied = { readonly size: number; readonly sha256: string };

// What is looked at for zeros: a hole is worth having from here on, and fewer writes are worth more than smaller holes.
const grainBytes = 64 * 1024;
const zeros = Buffer.alloc(grainBytes);

/**
 * Copies a file and hashes it in one pass. What is zero stays a hole, whether it was one before or not. The copy has mode
 * 0600, is on the disk when this returns, and takes the place of what a killed daemon left at `to`; on failure nothing is
 * left there. `size` is bytes, `sha256` lower-case hex.
 */
export const copySparse = async ({
  from,
  to,
  signal,
}: {
  readonly from: string;
  readonly to: string;
  readonly signal: AbortSignal;
}): Promise<Copied> => {
  await using source = await open(from, 'r');
  await rm(to, { force: true });
  const hash = createHash('sha256');
  try {
    await using target = await open(to, 'wx', 0o600);
    const size = await eachBlock(source, signal, async (block, offset) => {
      hash.update(block);
      for (const [first, end] of dataOf(block)) await writeAll(target, block.subarray(first, end), offset + first);
    });
    // A hole at the end is not written, but it counts.
    await target.truncate(size);
    await target.sync();
    return { size, sha256: hash.digest('hex') };
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
};

// A disk that is nearly full takes a part, and says so only when it is given the rest.
const writeAll = async (file: FileHandle, bytes: Buffer, position: number) => {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
};

/** The parts of a block that are not zero, in grains, as offsets; neighbours are one part. */
const dataOf = (block: Buffer): readonly (readonly [number, number])[] => {
  const parts: [number, number][] = [];
  for (let first = 0; first < block.length; first += grainBytes) {
    const end = Math.min(first + grainBytes, block.length);
    if (block.compare(zeros, 0, end - first, first, end) === 0) continue;
    const before = parts.at(-1);
    if (before?.[1] === first) before[1] = end;
    else parts.push([first, end]);
  }
  return parts;
};
