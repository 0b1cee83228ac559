import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { runProgram } from '../../src/base/program.ts';
import { makeGoods, occupy, startWithGoods } from './cycle.ts';
import type { Row } from './row.ts';

const mostMb = 150;
const mostMs = 50;
const clients = 500;
// Each is an event of the build.
const requests = 300;
const following = fileURLToPath(new URL('child-followers.js', import.meta.url));

const Report = z.object({ beforeMb: z.number(), followingMb: z.number(), wrong: z.int(), delayMs: z.number() });

export const followers: Row = {
  name: 'followers',
  what: `${clients} clients follow the events of one build that runs, whose endpoint answers ${requests} requests: memory, delay of the event loop, events that somebody was not told, or not in order`,
  reach: `<= ${mostMb} MB more, p99 <= ${mostMs} ms, none`,
  run: async ({ signal }) => {
    await using goods = await makeGoods(signal);
    await using imaged = await startWithGoods(goods, 1);
    const id = await occupy(imaged, goods.append, signal);
    const endpoint = (await readdir(imaged.folder, { recursive: true })).find((name) => name.endsWith('http.sock'));
    if (endpoint === undefined) throw new Error('the machine has no endpoint');
    const at = join(imaged.folder, endpoint);
    const words = [imaged.url(), imaged.token, id, at, String(clients), String(requests), String(imaged.pid())];
    const { stdout } = await runProgram(process.execPath, [following, ...words], { signal });
    const { beforeMb, followingMb, wrong, delayMs } = Report.parse(JSON.parse(stdout));
    const more = followingMb - beforeMb;
    return {
      measured: `${more.toFixed(0)} MB more, p99 ${delayMs.toFixed(0)} ms, ${wrong} wrong`,
      isReached: more <= mostMb && delayMs <= mostMs && wrong === 0,
      facts: { moreMb: more, delayMs, wrong },
    };
  },
};
