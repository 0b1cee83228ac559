import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock as clock } from '../../src/base/clock.ts';
import { runProgram } from '../../src/base/program.ts';
import { digestsOf } from '../../src/image/digests.ts';
import { toZstd } from '../../src/post-processors/compressing/zstd.ts';
import { writeImage, writeSparse } from './image-file.ts';
import { showSpread, type Spread } from './numbers.ts';
import { inPairs } from './pairs.ts';
import { mostWhile, residentMb } from './processes.ts';
import type { Row } from './row.ts';
import { workplace } from './workplace.ts';

const least = 0.9;
const megabytes = 512;
const sparseGb = 4;
const mostMb = 400;
const level = 3;

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const began = clock.elapsed();
  await work();
  return (clock.elapsed() - began) / 1000;
};

const compress = async (from: string, to: string, signal: AbortSignal): Promise<void> => {
  const { size } = await stat(from);
  await toZstd({ from, to, name: 'image', level, size, signal, onBytes: () => undefined });
};

const speedOf = ({ median, min, max }: Spread): Spread => ({ median: 1 / median, min: 1 / max, max: 1 / min });

/** What compressing and hashing an image cost, against the programs that everybody has for it. */
export const compressing: Row = {
  name: 'compress and hash',
  what: `an image of ${megabytes} MB to zstd against \`zstd -T0\`, its SHA-256 against sha256sum; memory with ${sparseGb} GB`,
  reach: `>= ${least} of each, memory <= ${mostMb} MB`,
  run: async ({ signal }) => {
    await using place = await workplace();
    const [image, sparse, out] = ['image', 'sparse', 'out'].map((name) => join(place.folder, name)) as [string, string, string]; // prettier-ignore
    await writeImage(image, megabytes);
    const fresh = () => rm(out, { force: true });
    const zstd = ['-T0', `-${level}`, '-q', '--check', '-o', out, image];
    const compressed = await inPairs(
      5,
      () => fresh().then(() => timed(() => compress(image, out, signal))),
      () => fresh().then(() => timed(() => runProgram('zstd', zstd, { signal }))),
      signal,
    );
    const hashed = await inPairs(
      5,
      () => timed(() => digestsOf(image, ['sha256'], signal)),
      () => timed(() => runProgram('sha256sum', [image], { signal })),
      signal,
    );
    await writeSparse(sparse, sparseGb * 2 ** 30);
    await fresh();
    const { most } = await mostWhile(
      () => residentMb(process.pid),
      50,
      () => compress(sparse, out, signal),
    );
    const [ofZstd, ofSum] = [speedOf(compressed.ratio), speedOf(hashed.ratio)];
    const rate = (seconds: number) => (megabytes / seconds).toFixed(0);
    return {
      measured:
        `${showSpread(ofZstd, 2)} of zstd (${rate(compressed.ours.median)} MB/s), ` +
        `${showSpread(ofSum, 2)} of sha256sum (${rate(hashed.ours.median)} MB/s), memory ${most.toFixed(0)} MB`,
      isReached: ofZstd.median >= least && ofSum.median >= least && most <= mostMb,
      facts: { zstd: ofZstd.median, sha256sum: ofSum.median, memoryMb: most },
    };
  },
};
