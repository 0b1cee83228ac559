import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { runProgram } from '../../src/program.ts';
import { keepAll, startWithGoods } from './cycle.ts';
import { addHistory } from './history.ts';
import { showSpread, spread } from './numbers.ts';
import type { Row } from './row.ts';
import { workplace } from './workplace.ts';

const leastPerSecond = 4000;
const mostMs = 40;
const builds = 100_000;
const autocannon = fileURLToPath(new URL('../../../node_modules/autocannon/autocannon.js', import.meta.url));

const Report = z.object({
  requests: z.object({ average: z.number() }),
  latency: z.object({ p99: z.number() }),
  non2xx: z.literal(0),
  errors: z.literal(0),
});

export const polling: Row = {
  name: 'polling',
  what: '`GET /builds/{id}` of a thousand builds in turn, 100 connections, 100,000 builds in the store',
  reach: `>= ${leastPerSecond} requests/s, p99 <= ${mostMs} ms`,
  run: async ({ signal }) => {
    await using place = await workplace();
    await using imaged = await startWithGoods({ shown: place.folder }, 1, keepAll);
    await imaged.kill('SIGTERM');
    const ids = addHistory(join(imaged.dataDir, 'imaged.db'), builds);
    await imaged.start();
    // A thousand of them, from all over the history.
    const asked = ids.filter((_, at) => at % (builds / 1000) === 0);
    const headers = [{ name: 'authorization', value: `Bearer ${imaged.token}` }];
    const entries = asked.map((id) => ({
      request: { method: 'GET', url: new URL(`/builds/${id}`, imaged.url()).href, headers },
    }));
    const har = join(place.folder, 'polls.har');
    await writeFile(har, JSON.stringify({ log: { entries } }));
    const poll = async (seconds: number) => {
      const words = ['-c', '100', '-d', String(seconds), '--json', '--har', har, imaged.url()];
      const { stdout } = await runProgram(process.execPath, [autocannon, ...words], { signal });
      return Report.parse(JSON.parse(stdout));
    };
    await poll(2);
    const reports: z.infer<typeof Report>[] = [];
    for (let round = 0; round < 5; round++) reports.push(await poll(4));
    const rate = spread(reports.map(({ requests }) => requests.average));
    const p99 = spread(reports.map(({ latency }) => latency.p99));
    return {
      measured: `${showSpread(rate, 0)} requests/s, p99 ${showSpread(p99, 0)} ms`,
      isReached: rate.median >= leastPerSecond && p99.median <= mostMs,
      facts: { requestsPerSecond: rate.median, p99Ms: p99.median },
    };
  },
};
