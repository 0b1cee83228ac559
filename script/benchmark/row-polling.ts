import { join } from 'node:path';
import { bareServer } from './bare-server.ts';
import { keepAll, startWithGoods } from './cycle.ts';
import { addHistory } from './history.ts';
import { showSpread, spread } from './numbers.ts';
import { inPairs } from './pairs.ts';
import type { Row } from './row.ts';
import { workplace } from './workplace.ts';
import { load, wrkScript, type Load } from './wrk.ts';

const leastRatio = 0.4;
const mostMs = 40;
const builds = 100_000;
const asked = { connections: 100, seconds: 4 };

export const polling: Row = {
  name: 'polling',
  what: '`GET /builds/{id}` of a thousand builds in turn, 100 connections, 100,000 builds in the store, over a bare Node server that sends the same bytes',
  reach: `>= ${leastRatio}, p99 <= ${mostMs} ms`,
  run: async ({ signal }) => {
    await using place = await workplace();
    await using imaged = await startWithGoods({ shown: place.folder }, 1, keepAll);
    await imaged.kill('SIGTERM');
    const ids = addHistory(join(imaged.dataDir, 'imaged.db'), builds);
    await imaged.start();
    // A thousand of them, from all over the history.
    const paths = ids.filter((_, at) => at % (builds / 1000) === 0).map((id) => `/builds/${id}`);
    const script = await wrkScript(place.folder, paths, imaged.token);
    await using bare = await bareServer(await imaged.call(paths[0] ?? '/'), place.folder);
    const loads: Load[] = [];
    const ours = async () => {
      const measured = await load(imaged.url(), script, asked, signal);
      loads.push(measured);
      return measured.perSecond;
    };
    const theirs = async () => (await load(bare.url, script, asked, signal)).perSecond;
    const { ratio, ours: rate, theirs: bareRate } = await inPairs(5, ours, theirs, signal);
    const p99 = spread(loads.slice(1).map(({ p99Ms }) => p99Ms));
    return {
      measured: `${showSpread(ratio, 2)}: ${rate.median.toFixed(0)} of ${bareRate.median.toFixed(0)} requests/s, p99 ${showSpread(p99, 0)} ms`,
      isReached: ratio.median >= leastRatio && p99.median <= mostMs,
      facts: { ratio: ratio.median, requestsPerSecond: rate.median, barePerSecond: bareRate.median, p99Ms: p99.median },
    };
  },
};
