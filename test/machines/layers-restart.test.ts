import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { systemClock as clock } from '../../src/base/clock.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { proveNothingLeft, provePublished } from '../fixtures/left-behind.ts';
import { longOnly } from '../fixtures/long.ts';
import { revisit } from '../fixtures/quick-templates.ts';
import { logOf, proveTakenUp } from '../fixtures/taken-up.ts';
import { succeeded } from '../fixtures/tiny-builds.ts';

const tables = '[cache]\nenabled = true\n[hypervisor.qemu]\naccelerator = "tcg"';

const written = (word: string) => `echo ${word} >>/root/words; sync`;

/** Three scripts, in the second of which the daemon dies: it says so on the console. */
const body = (last: string, change: object = {}, middle = 'two') => ({
  template: {
    ...revisit(),
    provisioners: [
      { type: 'shell', name: 'first', inline: [written('one')], checkpoint: true },
      {
        type: 'shell',
        name: 'second',
        inline: [`echo at work >/dev/console; sleep 4; ${written(middle)}`],
        checkpoint: true,
      },
      { type: 'shell', name: 'third', inline: [written(last), 'echo $(cat /root/words)'], checkpoint: false },
    ],
    ...change,
  },
});

const killedAtWork = async (
  imaged: Imaged,
  id: string,
  signal: AbortSignal,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<void> => {
  const said = () => readFile(join(imaged.dataDir, 'run/imaged-0/said'), 'latin1').catch(() => '');
  while (!/at work/.test(await said())) await clock.sleep(10, signal);
  await imaged.kill('SIGKILL');
  await meanwhile();
  await imaged.start();
  await proveTakenUp(imaged, id, 1);
};

const Layers = z.object({
  items: z.array(z.object({ key: z.string(), parent: z.string().optional(), step: z.string(), build: z.string() })),
});

/** These are made before, and are whole before or after: they are compressed beside the build. */
const before = ['connect', 'first'];

/** What happened to the layers of a build since it was taken up. */
const keptSince = async (imaged: Imaged, id: string) => {
  const events = await eventsOf(imaged, id);
  assert.equal(events.filter(({ type, data }) => type === 'layer.kept' && data['step'] === 'first').length, 1);
  const taken = events.findIndex(({ type }) => type === 'build.taken_up');
  return events
    .slice(taken + 1)
    .filter(({ type, data }) => type.startsWith('layer.') && !before.includes(String(data['step'])));
};

test('a build that goes on after the daemon was killed keeps what it makes, and another goes on from that', async (t) => {
  await using imaged = await startImaged({ settings: 'workers = 1', tables });
  const { id } = await imaged.post(body('three'));
  await killedAtWork(imaged, id, t.signal);
  assert.match(await logOf(imaged, id), /^\S+ {3}one two three$/m);
  const since = (await keptSince(imaged, id)).map(({ type, data }) => `${type} ${String(data['step'])}`);
  // Artifacts lie upon nothing, and wait for none.
  assert.deepEqual(since.toSorted(), ['layer.kept publish', 'layer.kept second', 'layer.kept shut-down']);
  const { items } = Layers.parse(await (await imaged.call('/layers')).json());
  const of = (step: string) => items.find((one) => one.step === step) ?? assert.fail(step);
  assert.equal(of('second').parent, of('first').key);

  const other = await succeeded(imaged, (await imaged.post(body('drei'))).id);
  const hit = (await eventsOf(imaged, other.id)).find(({ type }) => type === 'layer.hit');
  assert.equal(hit?.data['step'], 'second');
  assert.match(await logOf(imaged, other.id), /^\S+ {3}one two drei$/m);
  await provePublished(imaged, other.id);
  const removed = await imaged.call('/layers', { method: 'DELETE' });
  assert.equal(removed.status, 200);
  // No build holds one any more.
  assert.deepEqual(Layers.parse(await (await imaged.call('/layers')).json()).items, []);
  await proveNothingLeft(imaged);
});

test(
  'what a guest may have missed while the daemon was away is kept for nobody, which an event says once',
  longOnly,
  async (t) => {
    await using imaged = await startImaged({ settings: 'workers = 1', tables });
    const { id } = await imaged.post(body('three', { http: { word: 'x' } }));
    await killedAtWork(imaged, id, t.signal);
    const since = await keptSince(imaged, id);
    assert.deepEqual(
      since.map(({ type, data }) => `${type} ${String(data['step'])}`),
      ['layer.not_kept second'],
    );
    assert.match(String(since[0]?.data['why']), /the daemon was away/);
    await provePublished(imaged, id);
    await proveNothingLeft(imaged);
  },
);

test('a build that went on from a layer goes on under an imaged to which all keys are others, and keeps nothing more', async (t) => {
  await using imaged = await startImaged({ settings: 'workers = 1', tables });
  await succeeded(imaged, (await imaged.post(body('three'))).id);
  const { id } = await imaged.post(body('three', {}, 'zwei'));
  // As an upgrade does it, which is one more thing that goes into each key.
  await killedAtWork(imaged, id, t.signal, () => writeFile(join(imaged.dataDir, 'layers.key'), 'f'.repeat(64)));
  assert.match(await logOf(imaged, id), /^\S+ {3}one zwei three$/m);
  const events = await eventsOf(imaged, id);
  assert.equal(events.find(({ type }) => type === 'layer.hit')?.data['step'], 'first');
  assert.deepEqual(
    events.filter(({ type }) => type === 'layer.kept'),
    [],
  );
  const notKept = events.find(({ type }) => type === 'layer.not_kept');
  assert.match(String(notKept?.data['why']), /imaged, or something else that goes into the build, is another/);
  await provePublished(imaged, id);
  assert.equal((await imaged.call('/layers', { method: 'DELETE' })).status, 200);
  assert.deepEqual(Layers.parse(await (await imaged.call('/layers')).json()).items, []);
  await proveNothingLeft(imaged);
});
