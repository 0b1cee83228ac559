import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { z } from 'zod';
import { runProgram } from '../../src/base/program.ts';
import { cycleTemplate, makeGoods, occupy, startWithGoods } from './cycle.ts';
import { quantile, showSpread } from './numbers.ts';
import { inPairs } from './pairs.ts';
import type { Row } from './row.ts';

const mostRatio = 3;
const connections = 20;
const rounds = 5;
const perRound = 1000;
const poster = fileURLToPath(new URL('child-post.js', import.meta.url));
const syncer = fileURLToPath(new URL('child-fsync.js', import.meta.url));

// statfs(2): where fsync costs nothing, and proves nothing.
const tmpfs = 0x01021994;

const Report = z.array(z.number());

const countBuilds = (file: string): number => {
  using raw = { db: new Sqlite(file, { readonly: true }), [Symbol.dispose]: () => void raw.db.close() };
  return z.object({ n: z.number() }).parse(raw.db.prepare('SELECT count(*) AS n FROM build').get()).n;
};

export const post: Row = {
  name: 'POST',
  what: `accepted and durable, ${connections} connections, while another build runs, over an fsync of the same disk: the 99th of a hundred of each`,
  reach: `<= ${mostRatio}`,
  run: async ({ signal }) => {
    await using goods = await makeGoods(signal);
    await using imaged = await startWithGoods(goods, 1);
    // The one slot is taken, so that no machine is started meanwhile.
    await occupy(imaged, goods.append, signal);
    const ask = join(goods.folder, 'ask.json');
    await writeFile(ask, JSON.stringify({ template: cycleTemplate(goods.append) }));
    const p99Of = async (words: readonly string[]): Promise<number> => {
      const { stdout } = await runProgram(process.execPath, words, { signal });
      return quantile(Report.parse(JSON.parse(stdout)), 0.99);
    };
    let round = 0;
    const ours = () => {
      const words = [imaged.url(), imaged.token, ask, String(connections), String(perRound), String(round++)];
      return p99Of([poster, ...words]);
    };
    const theirs = () => p99Of([syncer, join(imaged.dataDir, 'synced'), String(perRound)]);
    const { ratio, ours: p99, theirs: sync } = await inPairs(rounds, ours, theirs, signal);
    // Killed, it can write nothing that it had not written when it answered.
    await imaged.kill('SIGKILL');
    const kept = countBuilds(join(imaged.dataDir, 'imaged.db'));
    const accepted = (rounds + 1) * perRound + 1;
    if (kept !== accepted) throw new Error(`${accepted} builds were accepted, and ${kept} are in the store`);
    // It stops the machine that the killed one left.
    await imaged.start();
    const isVolatile = (await statfs(imaged.folder)).type === tmpfs;
    await rm(ask);
    return {
      measured: `${showSpread(ratio, 1)}: ${p99.median.toFixed(1)} ms over ${sync.median.toFixed(1)} ms${isVolatile ? ', on a tmpfs: NOT durable' : ''}`,
      isReached: ratio.median <= mostRatio && !isVolatile,
      facts: { ratio: ratio.median, p99Ms: p99.median, fsyncMs: sync.median, isVolatile },
    };
  },
};
