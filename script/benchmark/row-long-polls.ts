import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { runProgram } from '../../src/base/program.ts';
import { cycleTemplate, makeGoods, occupy, startWithGoods } from './cycle.ts';
import { showSpread, spread } from './numbers.ts';
import type { Row } from './row.ts';

const mostMb = 60;
const mostMs = 250;
const clients = 2000;
const rounds = 5;
const waiting = fileURLToPath(new URL('child-wait.js', import.meta.url));

const Report = z.object({ beforeMb: z.number(), waitingMb: z.number(), lastMs: z.number() });

export const longPolls: Row = {
  name: 'long polls',
  what: `${clients} clients wait for one build: memory meanwhile, and the time from its change until the last is told`,
  reach: `<= ${mostMb} MB more, <= ${mostMs} ms`,
  run: async ({ signal }) => {
    await using goods = await makeGoods(signal);
    await using imaged = await startWithGoods(goods, 1);
    await occupy(imaged, goods.append, signal);
    const reports: z.infer<typeof Report>[] = [];
    for (let round = 0; round < rounds; round++) {
      // It waits in the queue until it is cancelled: that is the change.
      const { id } = await imaged.post({ template: cycleTemplate(goods.append) });
      const words = [imaged.url(), imaged.token, id, String(clients), String(imaged.pid())];
      const { stdout } = await runProgram(process.execPath, [waiting, ...words], { signal });
      reports.push(Report.parse(JSON.parse(stdout)));
    }
    // What the waiting takes: against the moment before they came. What V8 keeps of the rounds before is told beside it.
    const more = Math.max(...reports.map(({ waitingMb, beforeMb }) => waitingMb - beforeMb));
    const overAll = (reports.at(-1)?.waitingMb ?? Number.NaN) - (reports[0]?.beforeMb ?? Number.NaN);
    const last = spread(reports.map(({ lastMs }) => lastMs));
    return {
      measured: `${more.toFixed(0)} MB more (${overAll.toFixed(0)} after ${rounds} rounds), ${showSpread(last, 0)} ms`,
      isReached: more <= mostMb && last.median <= mostMs,
      facts: { moreMb: more, overAllMb: overAll, lastMs: last.median, worstMs: last.max },
    };
  },
};
