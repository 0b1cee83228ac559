import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { z } from 'zod';
import { systemClock as clock } from '../../src/base/clock.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { isVmd } from '../fixtures/hypervisor.ts';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { proveNothingLeft, provePublished } from '../fixtures/left-behind.ts';
import { longOnly } from '../fixtures/long.ts';
import { visit } from '../fixtures/quick-templates.ts';
import { succeeded } from '../fixtures/tiny-builds.ts';
import { makePlace } from '../long/soak/place.ts';

const run = promisify(execFile);
const skip = isVmd ? 'vmd keeps no running machine' : false;
const tcg = '[hypervisor.qemu]\naccelerator = "tcg"';
const mb = 2 ** 20;

const body = (last: string, first = 'first') => ({
  template: visit({
    provisioners: [
      { type: 'shell', name: 'first', inline: [`echo ${first} >/root/first; sync`], checkpoint: true },
      { type: 'shell', name: 'last', inline: [last] },
    ],
  }),
});

const layersIn = (imaged: Imaged) => readdir(join(imaged.dataDir, 'layers')).catch((): string[] => []);

const Layers = z.object({ items: z.array(z.object({ key: z.string(), step: z.string() })) });
const keptBy = async (imaged: Imaged) => Layers.parse(await (await imaged.call('/layers')).json()).items;

/** Each folder is that of a layer that is known. */
const proveKnown = async (imaged: Imaged): Promise<void> =>
  assert.deepEqual((await layersIn(imaged)).toSorted(), (await keptBy(imaged)).map(({ key }) => key).toSorted());

/** Waits until the memory of a machine is being written. */
const untilMaking = async (imaged: Imaged, signal: AbortSignal): Promise<void> => {
  const isWriting = async () => {
    for (const key of await layersIn(imaged)) {
      const names = await readdir(join(imaged.dataDir, 'layers', key)).catch((): string[] => []);
      if (names.some((name) => name.startsWith('memory'))) return true;
    }
    return false;
  };
  while (!(await isWriting())) await clock.sleep(2, signal);
};

const notKept = async (imaged: Imaged, id: string) =>
  (await eventsOf(imaged, id)).filter(({ type }) => type === 'layer.not_kept').map(({ data }) => String(data['why']));

test(
  'a build that is cancelled, drained or held while a layer is made leaves layers that are whole and no other file',
  { skip, timeout: 300_000 },
  async (t) => {
    await using imaged = await startImaged({ tables: `[cache]\nenabled = true\n${tcg}` });

    await t.test('cancelled: nothing of it is left', async () => {
      const { id } = await imaged.post(body('sleep 60'));
      await untilMaking(imaged, t.signal);
      await imaged.call(`/builds/${id}/cancel`, { method: 'POST' });
      assert.equal((await imaged.ended(id)).status, 'cancelled');
      await proveNothingLeft(imaged);
      await proveKnown(imaged);
      await imaged.call('/layers', { method: 'DELETE' });
      assert.deepEqual(await layersIn(imaged), []);
    });

    await t.test('drained: it comes to its end after the restart', longOnly, async () => {
      const { id } = await imaged.post(body('true'));
      await untilMaking(imaged, t.signal);
      assert.equal(await imaged.kill('SIGTERM'), 0);
      await imaged.start();
      await succeeded(imaged, id);
      await provePublished(imaged, id);
      await proveKnown(imaged);
    });

    await t.test('held: what it has made is there for others, while it is held and afterwards', async () => {
      const { id } = await imaged.post({ ...body('exit 3'), on_error: 'hold' });
      await imaged.until(id, ({ status }) => status === 'held');
      const other = await imaged.post(body('echo other'));
      await imaged.call(`/builds/${id}/cancel`, { method: 'POST' });
      await imaged.ended(id);
      await succeeded(imaged, other.id);
      const hit = (await eventsOf(imaged, other.id)).find(({ type }) => type === 'layer.hit');
      assert.equal(hit?.data['step'], 'first');
      await proveKnown(imaged);
      await proveNothingLeft(imaged);
    });
  },
);

test(
  'on a disk that is full the layers give way to builds, and a build does not fail because it could not keep one',
  { skip: skip || (process.getuid?.() !== 0 && 'root alone may mount'), timeout: 300_000 },
  async (t) => {
    await using place = await makePlace(500);
    await using imaged = await startImaged({
      dataDir: place.dataDir,
      tables: `[cache]\nenabled = true\n[capacity]\ndisk_reserve = "16M"\novercommit = 50\n${tcg}`,
    });
    const first = await succeeded(imaged, (await imaged.post(body('echo one'))).id);
    const before = (await keptBy(imaged)).map(({ key }) => key);
    assert.ok(before.length >= 3, `${before.length} layers`);
    const { bavail, bsize } = await statfs(place.dataDir);
    // What an image takes, and not the machine besides that is to be kept after another first script.
    const ballast = join(place.dataDir, 'ballast');
    await run('fallocate', ['-l', String(bavail * bsize - 60 * mb), ballast]);
    const second = await succeeded(imaged, (await imaged.post(body('echo two', 'another'))).id);
    t.diagnostic(`not kept: ${(await notKept(imaged, second.id)).join('; ')}`);
    const after = (await keptBy(imaged)).map(({ key }) => key);
    assert.ok(before.some((key) => !after.includes(key)) || (await notKept(imaged, second.id)).length > 0, 'the disk was not full'); // prettier-ignore
    await rm(ballast);
    for (const { id } of [first, second]) await provePublished(imaged, id);
    await proveKnown(imaged);
    await proveNothingLeft(imaged);
  },
);
