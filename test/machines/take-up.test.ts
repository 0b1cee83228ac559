import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { awaitEvent, eventsOf } from '../fixtures/follow-events.ts';
import { isVmd } from '../fixtures/hypervisor.ts';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { proveNothingLeft, provePublished, proveSound } from '../fixtures/left-behind.ts';
import type { Event } from '../fixtures/published-event.ts';
import { logIn, visit } from '../fixtures/quick-templates.ts';

const skip = isVmd ? 'vmd holds the only line of its machines: builds begin anew' : false;
const settings = 'workers = 2';
const tables = '[hypervisor.qemu]\naccelerator = "tcg"';

const Steps = z.object({ items: z.array(z.object({ attempt: z.number(), name: z.string() })) });

const stepsOf = async (imaged: Imaged, id: string): Promise<readonly string[]> => {
  const { items } = Steps.parse(await (await imaged.call(`/builds/${id}/steps`)).json());
  assert.deepEqual([...new Set(items.map(({ attempt }) => attempt))], [1]);
  return items.map(({ name }) => name);
};

/** The build was gone on with, in its first attempt, and no step of it was run twice. */
const proveTakenUp = async (imaged: Imaged, id: string, times: number): Promise<void> => {
  const build = await imaged.ended(id);
  assert.deepEqual([build.status, build.attempt], ['succeeded', 1], JSON.stringify(build.fault));
  const events = await eventsOf(imaged, id);
  assert.equal(events.filter(({ type }) => type === 'build.taken_up').length, times);
  assert.deepEqual(events.filter(({ type }) => type === 'build.requeued'), []); // prettier-ignore
  const steps = await stepsOf(imaged, id);
  assert.deepEqual(steps, [...new Set(steps)]);
};

/** The lines of the transcript on which the guest counted, each of which came once and in order. */
const proveCounted = async ({ dataDir }: Imaged, id: string, most: number): Promise<void> => {
  const transcript = await readFile(join(dataDir, 'builds', id, 'console'), 'latin1');
  const counted = [...transcript.matchAll(/^n(\d+)\r*$/gm)].map(([, number]) => Number(number));
  assert.deepEqual(
    counted,
    Array.from({ length: most }, (_, at) => at),
  );
};

const count = (most: number, ms: number) =>
  `i=0; while [ $i -lt ${most} ]; do echo n$i; i=$((i+1)); usleep ${ms * 1000}; done; echo co''unted`;

const counting = (most: number, ms: number) =>
  visit({
    install: {
      console: [...logIn, { hear: '# $', say: count(most, ms) }, { hear: 'counted', within: '5m' }, { hear: '# $' }],
      ends: 'never',
    },
  });

const said =
  (text: string) =>
  ({ type, data }: Event): boolean =>
    type === 'console.said' && String(data['text']).includes(text);

test(
  'a conversation goes on where it was when the daemon was killed, and no byte of the console is lost or doubled',
  { skip },
  async () => {
    await using imaged = await startImaged({ settings, tables });
    const { id } = await imaged.post({ template: counting(2000, 2) });
    assert.ok(await awaitEvent(imaged, id, said('echo n$i')));
    for (const _ of [1, 2]) {
      await imaged.kill('SIGKILL');
      await imaged.start();
    }
    await proveTakenUp(imaged, id, 2);
    await proveCounted(imaged, id, 2000);
    await provePublished(imaged, id);
    await proveNothingLeft(imaged);
    await proveSound(imaged);
  },
);
