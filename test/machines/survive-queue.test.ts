import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { cleanupStack } from '../../src/base/cleanup.ts';
import { awaitEvent, eventsOf } from '../fixtures/follow-events.ts';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { proveNothingLeft } from '../fixtures/left-behind.ts';
import { isVmd } from '../fixtures/hypervisor.ts';
import { longOnly } from '../fixtures/long.ts';
import { cycle, cycleDigest, cycleMachine } from '../fixtures/quick-templates.ts';
import { daemonId } from '../fixtures/vmd.ts';
import { idOf, makeOldStore } from '../old-store.ts';

// A build, or a problem.
const Told = z.object({ id: z.string().optional() });

const tables = '[hypervisor.qemu]\naccelerator = "tcg"';

const timeOf = async (imaged: Imaged, id: string, type: string): Promise<number> => {
  const event = (await eventsOf(imaged, id)).find((one) => one.type === type);
  assert.ok(event, `${id} never was ${type}`);
  return Date.parse(event.at);
};

const succeed = async (imaged: Imaged, ids: readonly string[]): Promise<void> => {
  for (const id of ids) assert.equal((await imaged.ended(id)).status, 'succeeded');
};

test('of ended builds only the newest stay, and the others go with their files', longOnly, async (t) => {
  await using imaged = await startImaged({ settings: 'workers = 1', tables: `${tables}\n[retention]\nkeep = 2` });
  const ids: string[] = [];
  for (let n = 0; n < 4; n++) {
    const { id } = await imaged.post({ template: await cycle() });
    // One that ran, so that there are files; of the others their end is enough.
    if (n > 0) await imaged.call(`/builds/${id}/cancel`, { method: 'POST' });
    await imaged.ended(id);
    ids.push(id);
  }
  const there = (id: string) => existsSync(join(imaged.dataDir, 'builds', id));
  const statusOf = async (id: string) => (await imaged.call(`/builds/${id}`)).status;
  const [first = '', second = '', ...kept] = ids;
  while ((await statusOf(first)) !== 404 || (await statusOf(second)) !== 404) await sleep(20);
  for (const id of kept) assert.equal(await statusOf(id), 200);
  assert.deepEqual([there(first), there(second)], [false, false]);
  t.diagnostic(`${ids.length - kept.length} of ${ids.length} builds were forgotten`);
});

test('builds run by priority, then in the order of their POST', longOnly, async () => {
  await using imaged = await startImaged({ settings: 'workers = 1', tables });
  const post = async (priority: number) => (await imaged.post({ template: await cycle(), priority })).id;
  const first = await post(0);
  assert.ok(await awaitEvent(imaged, first, ({ type }) => type === 'build.running'));
  const [low, early, late, high] = [await post(-5), await post(0), await post(0), await post(5)];
  const order = [first, high, early, late, low];
  await succeed(imaged, order);
  const began = await Promise.all(order.map((id) => timeOf(imaged, id, 'build.running')));
  assert.deepEqual(
    began,
    began.toSorted((a, b) => a - b),
  );
});

test(
  'builds that do not fit into the memory together run one after the other, in free slots or not',
  longOnly,
  async () => {
    await using imaged = await startImaged({
      settings: 'workers = 2',
      tables: `${tables}\n[capacity]\nmemory = "400M"`,
    });
    const large = await cycle({ machine: { ...(await cycleMachine('1M')), memory: '256M' } });
    const ids = [(await imaged.post({ template: large })).id, (await imaged.post({ template: large })).id];
    await succeed(imaged, ids);
    const [first = '', second = ''] = ids;
    assert.ok((await timeOf(imaged, second, 'build.running')) >= (await timeOf(imaged, first, 'build.succeeded')));
    const never = await imaged.call('/builds', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ template: await cycle({ machine: { ...(await cycleMachine('1M')), memory: '512M' } }) }),
    });
    assert.equal(never.status, 422);
    await proveNothingLeft(imaged);
  },
);

test('an Idempotency-Key gives the same build after the daemon was killed', longOnly, async () => {
  await using imaged = await startImaged({ settings: 'workers = 1', tables });
  const template = await cycle();
  const post = async (body: object) => {
    const reply = await imaged.call('/builds', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'commit-1f3a' },
      body: JSON.stringify(body),
    });
    return { status: reply.status, id: Told.parse(await reply.json()).id };
  };
  const first = await post({ template });
  assert.equal(first.status, 201);
  await imaged.kill('SIGKILL');
  await imaged.start();
  assert.deepEqual(await post({ template }), first);
  assert.equal((await post({ template, priority: 1 })).status, 422);
  await succeed(imaged, [first.id ?? '']);
  assert.deepEqual(await post({ template }), first);
});

test('imaged upgraded in place keeps its queue: what 0.1.0 had queued is run to its end, what it was running is settled', async () => {
  await using cleanup = cleanupStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'imaged-upgraded-'));
  cleanup.defer(() => rm(dataDir, { recursive: true }));
  const file = join(dataDir, 'imaged.db');
  makeOldStore(file, { template: await cycle(), variables: {} });
  if (isVmd) for (const path of [dataDir, file]) await chown(path, daemonId, daemonId);
  const imaged = cleanup.keep(await startImaged({ dataDir, settings: 'workers = 1', tables }));
  await succeed(imaged, [idOf('queued')]);
  const artifact = await imaged.call(`/builds/${idOf('queued')}/artifacts/cycle.raw`);
  assert.equal(
    createHash('sha256')
      .update(Buffer.from(await artifact.arrayBuffer()))
      .digest('hex'),
    cycleDigest,
  );
  assert.equal((await imaged.ended(idOf('held'))).status, 'failed');
  // It goes back to the queue and runs again; that its template is none ends it then.
  assert.equal((await imaged.ended(idOf('running'))).attempt, 3);
});
