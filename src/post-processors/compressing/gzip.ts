import { open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Digest } from '../../image/types.ts';
import type { Compression } from './formats.ts';
import { writeHashed } from '../../image/write-hashed.ts';
import { blockBytes } from './blocks.ts';

const gzipped = promisify(gzip);

// Node has four threads for such work, and for reading and writing: one of them is left to others.
const most = Math.max(1, Math.min(3, availableParallelism()));

/** The blocks of a file, each as a member: a few are in work at a time, and come in their order. */
const members = async function* ({ from, level, signal, onBytes }: Compression): AsyncGenerator<Buffer> {
  await using file = await open(from, 'r');
  const working: Promise<Buffer>[] = [];
  for (let offset = 0, ended = false; !ended || working.length > 0;) {
    signal.throwIfAborted();
    while (!ended && working.length < most) {
      const block = Buffer.allocUnsafe(blockBytes);
      const { bytesRead } = await file.read(block, 0, blockBytes, offset);
      // An empty file is one empty member.
      ended = bytesRead === 0 && offset > 0;
      if (ended) break;
      ended = bytesRead === 0;
      offset += bytesRead;
      const work = gzipped(block.subarray(0, bytesRead), { level, chunkSize: blockBytes + 1024 });
      // The caller that waits for it hears of it; there is none when the signal has ended the work.
      work.catch(() => undefined);
      working.push(work);
    }
    const first = working.shift();
    if (first !== undefined) yield await first;
    onBytes(Math.max(0, offset - working.length * blockBytes));
  }
};

/** A file of members, one for each MiB (RFC 1952, 2.2), made by several processors: the same for every number of them. No name and no time is in it. */
export const toGzip = (compression: Compression): Promise<Digest> =>
  writeHashed(compression.to, members(compression), undefined, compression.signal);
