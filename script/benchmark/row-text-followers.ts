import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { runProgram } from '../../src/base/program.ts';
import { awaitEvent } from '../../test/fixtures/follow-events.ts';
import { startImaged } from '../../test/fixtures/imaged.ts';
import { visit } from '../../test/fixtures/quick-templates.ts';
import type { Row } from './row.ts';

const mostMb = 150;
const mostMs = 50;
const clients = 500;
const lines = 400;
const following = fileURLToPath(new URL('child-text-followers.js', import.meta.url));

const Report = z.object({
  beforeMb: z.number(),
  followingMb: z.number(),
  wrong: z.int(),
  delayMs: z.number(),
  tookMs: z.number(),
  bytes: z.int(),
});

/** A build that waits at a breakpoint, and then says each line on its console and in its log. */
const talking = () => {
  const words = `echo line $i of ${lines}, said to all who follow; echo line $i of ${lines}, for the console >/dev/console`;
  const script = `i=0; while [ $i -lt ${lines} ]; do i=$((i + 1)); ${words}; sleep 0.05; done`;
  const talk = { type: 'shell', name: 'talk', inline: [script] };
  return visit({ provisioners: [{ type: 'breakpoint', name: 'wait' }, talk] });
};

export const textFollowers: Row = {
  name: 'text followers',
  what: `${clients} clients follow the console and ${clients} the log of one build whose guest says ${lines} lines in each: memory, delay of the event loop, clients that did not get every byte`,
  reach: `<= ${mostMb} MB more, p99 <= ${mostMs} ms, none`,
  run: async ({ signal }) => {
    await using imaged = await startImaged({
      settings: 'workers = 1\n',
      tables: '[hypervisor.qemu]\naccelerator = "tcg"\n',
    });
    const { id } = await imaged.post({ template: talking() });
    if ((await awaitEvent(imaged, id, ({ type }) => type === 'build.paused')) === undefined)
      throw new Error(`the build has ended: ${JSON.stringify((await imaged.ended(id)).fault)}`);
    const words = [imaged.url(), imaged.token, id, String(clients), String(imaged.pid())];
    const { stdout } = await runProgram(process.execPath, [following, ...words], { signal });
    const { beforeMb, followingMb, wrong, delayMs, tookMs, bytes } = Report.parse(JSON.parse(stdout));
    const more = followingMb - beforeMb;
    return {
      measured: `${more.toFixed(0)} MB more, p99 ${delayMs.toFixed(0)} ms, ${wrong} wrong; ${(tookMs / 1000).toFixed(1)} s of processor time for ${bytes} bytes`,
      isReached: more <= mostMb && delayMs <= mostMs && wrong === 0,
      facts: { moreMb: more, delayMs, wrong, tookMs, bytes },
    };
  },
};
