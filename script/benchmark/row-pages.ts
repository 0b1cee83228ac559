import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { runProgram } from '../../src/base/program.ts';
import { cycleTemplate, makeGoods, occupy, startWithGoods } from './cycle.ts';
import type { Row } from './row.ts';

const mostMb = 150;
const mostMs = 50;
const open = 500;
const builds = 25;
const following = fileURLToPath(new URL('child-pages.js', import.meta.url));

const Report = z.object({ beforeMb: z.number(), openMb: z.number(), lost: z.int(), delayMs: z.number() });

export const pages: Row = {
  name: 'pages',
  what: `${open} clients follow the changes of all builds, while one runs and ${builds} come and go: memory, delay of the event loop, changes that somebody was not told`,
  reach: `<= ${mostMb} MB more, p99 <= ${mostMs} ms, none`,
  run: async ({ signal }) => {
    await using goods = await makeGoods(signal);
    await using imaged = await startWithGoods(goods, 1);
    await occupy(imaged, goods.append, signal);
    const template = JSON.stringify({ template: cycleTemplate(goods.append) });
    const words = [imaged.url(), imaged.token, template, String(open), String(builds), String(imaged.pid())];
    const { stdout } = await runProgram(process.execPath, [following, ...words], { signal });
    const { beforeMb, openMb, lost, delayMs } = Report.parse(JSON.parse(stdout));
    const more = openMb - beforeMb;
    return {
      measured: `${more.toFixed(0)} MB more, p99 ${delayMs.toFixed(0)} ms, ${lost} not told`,
      isReached: more <= mostMb && delayMs <= mostMs && lost === 0,
      facts: { moreMb: more, delayMs, lost },
    };
  },
};
