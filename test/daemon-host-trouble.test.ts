import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { systemClock as clock } from '../src/base/clock.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { startImaged, type Imaged } from './fixtures/imaged.ts';
import { cycle } from './fixtures/quick-templates.ts';
import { untilTrue } from './fixtures/until-true.ts';

const Ready = z.object({ checks: z.array(z.object({ name: z.string(), state: z.string(), message: z.string() })) });

const Queued = z.object({ waiting: z.object({ for: z.string(), message: z.string() }).optional() });

const queueOf = async (imaged: Imaged) => {
  const reply = await imaged.call('/readyz');
  const { checks } = Ready.parse(await reply.json());
  return { status: reply.status, queue: checks.find(({ name }) => name === 'queue') };
};

const waitingOf = async (imaged: Imaged, id: string) =>
  Queued.parse(await (await imaged.call(`/builds/${id}`)).json()).waiting;

test('builds on a host whose QEMU has gone wait without losing an attempt, say why, and run when it is back', async () => {
  await using cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'imaged-trouble-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  const binary = join(folder, 'qemu');
  const install = () => symlink('/usr/bin/qemu-system-x86_64', binary);
  await install();
  const imaged = cleanup.keep(
    await startImaged({ tables: `[hypervisor.qemu]\naccelerator = "tcg"\nbinary = "${binary}"` }),
  );
  assert.equal((await queueOf(imaged)).queue?.state, 'ok');
  await rm(binary);
  const template = await cycle();
  const ids: string[] = [];
  for (let n = 0; n < 2; n++) ids.push((await imaged.post({ template })).id);
  const [first = '', second = ''] = ids;
  await untilTrue(async () => (await waitingOf(imaged, first))?.for === 'hypervisor');
  assert.match((await waitingOf(imaged, first))?.message ?? '', /qemu was not found/);
  const { status, queue } = await queueOf(imaged);
  assert.deepEqual([status, queue?.state], [503, 'fail']);
  // Longer than it takes until the queue is looked at again.
  await clock.sleep(6_000, new AbortController().signal);
  for (const id of ids) assert.equal((await imaged.call(`/builds/${id}/status`).then((reply) => reply.text())).trim(), 'queued'); // prettier-ignore
  assert.equal(imaged.lines().filter((line) => line.includes('this host cannot build')).length, 1);
  await imaged.call(`/builds/${second}/cancel`, { method: 'POST' });
  await install();
  const { attempt, status: ended } = await imaged.ended(first);
  assert.deepEqual([attempt, ended], [1, 'succeeded']);
  assert.deepEqual((await queueOf(imaged)).queue?.state, 'ok');
});

test('a build that takes more than the disk has now is passed by others, and named by /readyz, the log and itself', async () => {
  await using imaged = await startImaged({
    tables: '[hypervisor.qemu]\naccelerator = "tcg"\n[capacity]\ndisk_reserve = "1M"',
  });
  const template = await cycle();
  const Room = z.object({ capacity: z.object({ now: z.object({ disk_mb: z.number() }), whole: z.object({ disk_mb: z.number() }) }) }); // prettier-ignore
  const { capacity } = Room.parse(await (await imaged.call('/host')).json());
  // Between what is free and what the disk has in all: the host could give it one day. The artifact takes as much again.
  const size = Math.floor((capacity.now.disk_mb + capacity.whole.disk_mb) / 4);
  const large = await imaged.post({
    template: { ...template, machine: { ...template.machine, disks: [{ size: `${size}M` }] } },
  });
  const { status } = await imaged.ended((await imaged.post({ template })).id);
  assert.equal(status, 'succeeded');
  const waiting = z.record(z.string(), z.unknown()).parse(await waitingOf(imaged, large.id));
  assert.equal(waiting['for'], 'disk');
  const { queue } = await queueOf(imaged);
  assert.equal(queue?.state, 'warn');
  assert.ok(queue.message.includes(large.id), queue.message);
  assert.ok(imaged.lines().some((line) => line.includes('even with no other') && line.includes(large.id)));
  await imaged.call(`/builds/${large.id}/cancel`, { method: 'POST' });
  assert.equal((await queueOf(imaged)).queue?.state, 'ok');
});
