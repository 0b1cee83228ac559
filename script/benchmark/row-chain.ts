import { createServer } from 'node:http';
import { once } from 'node:events';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock as clock } from '../../src/base/clock.ts';
import { copySparse } from '../../src/image/copy-sparse.ts';
import { digestsOf } from '../../src/image/digests.ts';
import { toZstd } from '../../src/post-processors/compressing/zstd.ts';
import { putFile } from '../../src/send/put-file.ts';
import { sendTools } from '../../test/send-shop.ts';
import { writeImage } from './image-file.ts';
import { showSpread } from './numbers.ts';
import { inPairs } from './pairs.ts';
import type { Row } from './row.ts';
import { workplace } from './workplace.ts';

const most = 0.9;
const megabytes = 512;

/** A server that throws away what it is sent. */
const sink = async () => {
  const server = createServer((request, reply) => {
    request.resume();
    request.on('end', () => reply.writeHead(201).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the kernel gave no port');
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

/** What a chain of post-processors takes, over what each of them takes when it reads its file by itself. */
export const chain: Row = {
  name: 'a chain of post-processors',
  what: `export, zstd, SHA-256 and HTTP PUT of an image of ${megabytes} MB, as a build does them, over each by itself`,
  reach: `<= ${most} of the sum`,
  run: async ({ signal }) => {
    await using place = await workplace();
    await using server = await sink();
    const [disk, raw, packed] = ['disk', 'raw', 'packed'].map((name) => join(place.folder, name)) as [string, string, string]; // prettier-ignore
    await writeImage(disk, megabytes);
    const { tools } = sendTools([server.port]);
    const url = new URL(`http://127.0.0.1:${server.port}/image.zst`);
    const outgoing = { path: packed, name: 'image.zst', mediaType: 'application/zstd' };
    const fresh = () => Promise.all([raw, packed].map((path) => rm(path, { force: true })));
    const packing = async () => {
      const { size } = await stat(raw);
      return toZstd({ from: raw, to: packed, name: 'image', level: 3, size, signal, onBytes: () => undefined });
    };
    const timed = async (work: () => Promise<unknown>) => {
      await fresh();
      const began = clock.elapsed();
      await work();
      return (clock.elapsed() - began) / 1000;
    };
    const together = async () => {
      await copySparse({ from: disk, to: raw, signal });
      await putFile(url, { ...outgoing, ...(await packing()) }, undefined, tools);
    };
    const oneByOne = async () => {
      await copySparse({ from: disk, to: raw, signal });
      await digestsOf(raw, ['sha256'], signal);
      await packing();
      const { size, digests } = await digestsOf(packed, ['sha256'], signal);
      await putFile(url, { ...outgoing, size, sha256: digests.get('sha256') ?? '' }, undefined, tools);
    };
    const { ratio, ours, theirs } = await inPairs(
      5,
      () => timed(together),
      () => timed(oneByOne),
      signal,
    );
    return {
      measured: `${showSpread(ratio, 2)}: ${ours.median.toFixed(2)} s of ${theirs.median.toFixed(2)} s`,
      isReached: ratio.median <= most,
      facts: { ratio: ratio.median, seconds: ours.median },
    };
  },
};
