import assert from 'node:assert/strict';
import { systemClock as clock } from '../../../src/base/clock.ts';
import { msBetween, step } from '../../../test/fixtures/event-times.ts';
import { eventsOf } from '../../../test/fixtures/follow-events.ts';
import { startImaged, type Imaged } from '../../../test/fixtures/imaged.ts';
import { visit } from '../../../test/fixtures/quick-templates.ts';
import { logOf } from '../../../test/fixtures/taken-up.ts';
import { showSpread, spread } from '../numbers.ts';
import { until } from '../processes.ts';
import type { Row } from '../row.ts';

const mostMs = 3000;
const seconds = 20;
const rounds = 3;

/** Milliseconds that a script of `seconds` takes as a step, with the daemon ended and started again in its middle. */
const scriptWith = async (imaged: Imaged, end: NodeJS.Signals | undefined, signal: AbortSignal): Promise<number> => {
  const script = [`echo at work; echo >>/root/ran; sleep ${seconds}`, 'echo ran $(wc -l </root/ran) times'];
  const { id } = await imaged.post({ template: visit({ provisioners: [{ type: 'shell', name: 'work', inline: [script.join('; ')] }] }) }); // prettier-ignore
  await until(async () => (await logOf(imaged, id)).includes('at work\n'), signal);
  if (end !== undefined) {
    await clock.sleep((seconds / 4) * 1000, signal);
    await imaged.kill(end);
    await imaged.start();
  }
  const { status, attempt, fault } = await imaged.ended(id);
  assert.deepEqual([status, attempt], ['succeeded', 1], JSON.stringify(fault));
  assert.match(await logOf(imaged, id), /^\S+ {3}ran 1 times$/m);
  return msBetween(await eventsOf(imaged, id), step('started', 'work'), step('ended', 'work'));
};

export const restart: Row = {
  name: 'restart',
  what: `a script of ${seconds} s in whose middle the daemon is ended and started again, by SIGTERM and by kill -9, over one without`,
  reach: `<= ${mostMs / 1000} s more`,
  run: async ({ signal }) => {
    await using imaged = await startImaged({
      tables: '[upgrade]\nkeep_running = true\n[hypervisor.qemu]\naccelerator = "tcg"',
    });
    const more: Record<'SIGTERM' | 'SIGKILL', number[]> = { SIGTERM: [], SIGKILL: [] };
    for (let round = 0; round < rounds; round++) {
      const plain = await scriptWith(imaged, undefined, signal);
      for (const end of ['SIGTERM', 'SIGKILL'] as const)
        more[end].push((await scriptWith(imaged, end, signal)) - plain);
    }
    const [term, kill] = [spread(more.SIGTERM), spread(more.SIGKILL)];
    return {
      measured: `SIGTERM ${showSpread(term, 0)} ms, kill -9 ${showSpread(kill, 0)} ms more`,
      isReached: Math.max(term.median, kill.median) <= mostMs,
      facts: { sigtermMs: term.median, killMs: kill.median },
    };
  },
};
