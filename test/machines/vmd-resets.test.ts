import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanupStack } from '../../src/base/cleanup.ts';
import { guest, startImaged } from '../fixtures/imaged.ts';
import { proveNothingLeft } from '../fixtures/left-behind.ts';
import { cycle } from '../fixtures/quick-templates.ts';
import { pause, reset, say, writeGuest } from '../fixtures/tiny-guest.ts';

test('the name of a machine that vmd keeps as stopped after too many resets is in nobody’s way', async () => {
  await using cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'loop-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  await chmod(folder, 0o755);
  await writeGuest(join(folder, 'loop.img'), [pause, say('rebooting...\r\n'), reset], 1440);
  await using imaged = await startImaged({ settings: 'workers = 1', media: { tiny: guest, own: folder } });
  const looping = {
    name: 'looping',
    machine: { memory: '32M', disks: [{ base: 'media:own/loop.img', size: '2M' }] },
    install: { console: [{ hear: 'never', within: '1m' }], ends: 'never' },
  };
  for (let n = 0; n < 2; n++) {
    const { id } = await imaged.post({ template: looping });
    const { fault } = await imaged.ended(id);
    assert.equal(fault?.code, 'guest_reboot_loop', JSON.stringify(fault));
  }
  const { id } = await imaged.post({ template: await cycle() });
  const { status, fault } = await imaged.ended(id);
  assert.equal(status, 'succeeded', JSON.stringify(fault));
  await proveNothingLeft(imaged);
});
