import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { z } from 'zod';
import { runProgram } from '../../src/program.ts';
import { cycleTemplate, makeGoods, occupy, startWithGoods } from './cycle.ts';
import { quantile, showSpread, spread } from './numbers.ts';
import type { Row } from './row.ts';

const mostMs = 25;
const connections = 20;
const rounds = 5;
const perRound = 1000;
const poster = fileURLToPath(new URL('child-post.js', import.meta.url));

// statfs(2): where fsync costs nothing, and proves nothing.
const tmpfs = 0x01021994;

const Report = z.array(z.number());

const countBuilds = (file: string): number => {
  using raw = { db: new Sqlite(file, { readonly: true }), [Symbol.dispose]: () => void raw.db.close() };
  return z.object({ n: z.number() }).parse(raw.db.prepare('SELECT count(*) AS n FROM build').get()).n;
};

export const post: Row = {
  name: 'POST',
  what: `accepted and durable (fsynced), ${connections} connections, while another build runs`,
  reach: `p99 <= ${mostMs} ms`,
  run: async ({ signal }) => {
    await using goods = await makeGoods(signal);
    await using imaged = await startWithGoods(goods, 1);
    // The one slot is taken, so that no machine is started meanwhile.
    await occupy(imaged, goods.append, signal);
    const ask = join(goods.folder, 'ask.json');
    await writeFile(ask, JSON.stringify({ template: cycleTemplate(goods.append) }));
    const p99s: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const words = [imaged.url(), imaged.token, ask, String(connections), String(perRound), String(round)];
      const { stdout } = await runProgram(process.execPath, [poster, ...words], { signal });
      const times = Report.parse(JSON.parse(stdout));
      if (round > 0) p99s.push(quantile(times, 0.99));
    }
    // Killed, it can write nothing that it had not written when it answered.
    await imaged.kill('SIGKILL');
    const kept = countBuilds(join(imaged.dataDir, 'imaged.db'));
    const accepted = (rounds + 1) * perRound + 1;
    if (kept !== accepted) throw new Error(`${accepted} builds were accepted, and ${kept} are in the store`);
    // It stops the machine that the killed one left.
    await imaged.start();
    const p99 = spread(p99s);
    const isVolatile = (await statfs(imaged.folder)).type === tmpfs;
    await rm(ask);
    return {
      measured: `p99 ${showSpread(p99, 1)} ms of ${perRound}${isVolatile ? ', on a tmpfs: NOT durable' : ''}`,
      isReached: p99.median <= mostMs && !isVolatile,
      facts: { p99Ms: p99.median, isVolatile },
    };
  },
};
