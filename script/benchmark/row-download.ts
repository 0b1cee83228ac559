import { createHash, randomFillSync } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { systemClock as clock } from '../../src/base/clock.ts';
import { cleanupStack } from '../../src/base/cleanup.ts';
import { runProgram } from '../../src/base/program.ts';
import { migrations, openStore } from '../../src/queue/sqlite/open-store.ts';
import { aBuild, claimed } from '../../test/store-shop.ts';
import { orAborted } from '../../src/base/waiting.ts';
import { keepAll, startWithGoods } from './cycle.ts';
import { showSpread } from './numbers.ts';
import { inPairs } from './pairs.ts';
import { mostWhile, residentMb, socketsAt, until } from './processes.ts';
import type { Row } from './row.ts';
import { workplace } from './workplace.ts';

const least = 0.5;
const megabytes = 512;
const mostGrowthMb = 16;
const name = 'disk.raw';

/** A file of random bytes; gives its digest. */
const writeRandom = async (path: string, megabytes: number): Promise<string> => {
  const hash = createHash('sha256');
  const block = Buffer.alloc(2 ** 20);
  await using file = await open(path, 'wx');
  for (let written = 0; written < megabytes; written++) {
    hash.update(randomFillSync(block));
    await file.write(block);
  }
  return hash.digest('hex');
};

/** Puts a file into a store that no daemon has open, as the artifact of a build that has succeeded; gives its path. */
export const addArtifact = async (
  dataDir: string,
  megabytes: number,
): Promise<{ readonly id: string; readonly path: string; readonly sha256: string }> => {
  await using store = await openStore({
    ...{ file: join(dataDir, 'imaged.db'), keyFile: join(dataDir, 'secrets.key') },
    ...{ migrations, clock },
  });
  const { id } = (await store.add(aBuild())).build;
  const folder = join(dataDir, 'builds', id, 'artifacts');
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  const sha256 = await writeRandom(path, megabytes);
  const { token } = await claimed(store);
  const artifact = { name, mediaType: 'application/octet-stream', size: megabytes * 2 ** 20, sha256 };
  await store.finish(id, token, { status: 'succeeded', artifacts: [artifact] });
  return { id, path, sha256 };
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the kernel gave no port');
  return address.port;
};

/** Seconds that `cat` takes to send the file through a socket to a reader that throws it away. */
const sendByCat = async (path: string, signal: AbortSignal): Promise<number> => {
  await using cleanup = cleanupStack();
  const port = await freePort();
  const reader = spawn('nc', ['-l', '127.0.0.1', String(port)], { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = once(reader, 'exit');
  cleanup.defer(() => void reader.kill('SIGKILL'));
  await until(async () => (await socketsAt(port)).some(({ state }) => state === 'listening'), signal);
  const began = clock.elapsed();
  await runProgram('sh', ['-c', 'cat "$0" | nc -N 127.0.0.1 "$1"', path, String(port)], { signal });
  await orAborted(exited, signal);
  return (clock.elapsed() - began) / 1000;
};

export const download: Row = {
  name: 'download',
  what: `artifact of ${megabytes} MB over loopback by curl, against the speed of \`cat file\` through a socket`,
  reach: `>= ${least}, memory grows <= ${mostGrowthMb} MB`,
  run: async ({ signal }) => {
    await using place = await workplace();
    await using imaged = await startWithGoods({ shown: place.folder }, 1, keepAll);
    await imaged.kill('SIGTERM');
    const { id, path, sha256 } = await addArtifact(imaged.dataDir, megabytes);
    await imaged.start();
    const url = new URL(`/builds/${id}/artifacts/${name}`, imaged.url()).href;
    const auth = ['-H', `Authorization: Bearer ${imaged.token}`];
    const sum = await runProgram('sh', ['-c', 'curl -sSf "$@" | sha256sum', 'sh', ...auth, url], { signal });
    if (!sum.stdout.startsWith(sha256)) throw new Error(`what was downloaded has another digest: ${sum.stdout}`);
    const byCurl = async () => {
      const began = clock.elapsed();
      await runProgram('curl', ['-sSf', '-o', '/dev/null', ...auth, url], { signal });
      return (clock.elapsed() - began) / 1000;
    };
    const before = await residentMb(imaged.pid());
    const { most, value } = await mostWhile(
      () => residentMb(imaged.pid()),
      50,
      () => inPairs(7, byCurl, () => sendByCat(path, signal), signal),
    );
    const ratio = { median: 1 / value.ratio.median, min: 1 / value.ratio.max, max: 1 / value.ratio.min };
    const rate = (seconds: number) => (megabytes / seconds).toFixed(0);
    const growth = most - before;
    return {
      measured: `${showSpread(ratio, 2)}: ${rate(value.ours.median)} MB/s over ${rate(value.theirs.median)} MB/s, memory +${growth.toFixed(0)} MB`,
      isReached: ratio.median >= least && growth <= mostGrowthMb,
      facts: { ratio: ratio.median, growthMb: growth },
    };
  },
};
