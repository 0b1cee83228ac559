import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monotonicFactory } from 'ulid';
import type { NewRun } from '../src/queue/asked.ts';
import type { Store } from '../src/queue/store.ts';
import { aBuild, aFault, claimed, failsAs, hostWith, roomy, storeShop } from './store-shop.ts';

const ulid = monotonicFactory();

const machines = ['web', 'db', 'mail'];

/** Adds a run of three machines, with what a test wants to be different. */
const aRun = async (store: Store, change: Partial<NewRun> = {}) => {
  const run = { id: ulid(), templateName: 'site', failFast: false, ...change };
  const builds = machines.map((machine) => aBuild({ id: ulid(), templateName: 'site', runId: run.id, machine }));
  return (await store.addRun(run, builds)).run;
};

const ends = {
  succeeded: { status: 'succeeded', artifacts: [] },
  failed: { status: 'failed', fault: aFault('provisioner_failed') },
  cancelled: { status: 'cancelled', fault: aFault('cancelled') },
} as const;

const finishNext = async (store: Store, end: keyof typeof ends): Promise<string> => {
  const { build, token } = await claimed(store, ulid());
  await store.finish(build.id, token, ends[end]);
  return build.id;
};

const statusesOf = async (store: Store, id: string) =>
  (await store.findRun(id))?.builds.map(({ status }) => status) ?? [];

test('a run has a build for each machine, in their order, and each knows its run', async () => {
  await using shop = await storeShop();
  const { id } = await aRun(shop.store, { parallel: 2, requestedBy: 'ci' });
  const run = await shop.store.findRun(id);
  assert.deepEqual(run?.builds.map(({ machine }) => machine), machines); // prettier-ignore
  assert.ok(run?.builds.every(({ runId }) => runId === id));
  assert.deepEqual([run?.status, run?.parallel, run?.failFast, run?.requestedBy], ['queued', 2, false, 'ci']);
  const listed = await shop.store.list({ runId: id }, { limit: 2 });
  assert.deepEqual([listed.items.length, listed.next === undefined], [2, false]);
  await shop.store.add(aBuild());
  assert.equal((await shop.store.list({ runId: id, statuses: ['queued'] }, { limit: 99 })).items.length, 3);
});

test('all builds of a run are added, or none and no run', async () => {
  await using shop = await storeShop({ limits: { queued: 4, templates: 1, templateVersions: 1, pins: 1 } });
  const first = await aRun(shop.store);
  await assert.rejects(aRun(shop.store), failsAs('queue_full'));
  assert.deepEqual((await shop.store.runs({ limit: 9 })).items.map(({ id }) => id), [first.id]); // prettier-ignore
  assert.equal((await shop.store.counts()).queued, 3);
});

test('a run is queued until one of its builds begins, runs until the last has ended, and has one result', async () => {
  for (const [end, expected] of [
    [['succeeded', 'succeeded', 'succeeded'], 'succeeded'],
    [['succeeded', 'cancelled', 'succeeded'], 'cancelled'],
    [['cancelled', 'failed', 'succeeded'], 'failed'],
  ] as const) {
    await using shop = await storeShop();
    const { id, version } = await aRun(shop.store);
    const seen = [version];
    for (const one of end) {
      await finishNext(shop.store, one);
      const run = await shop.store.findRun(id);
      seen.push(run?.version ?? 0);
      if (run?.endedAt === undefined) assert.equal(run?.status, 'running');
    }
    assert.equal((await shop.store.findRun(id))?.status, expected);
    assert.deepEqual(
      seen,
      [...new Set(seen)].toSorted((a, b) => a - b),
      'each end is a new version',
    );
  }
});

test('the result of a run stays when its builds are deleted, and the run goes with the last', async () => {
  await using shop = await storeShop();
  const { id } = await aRun(shop.store);
  const [failed, ...others] = [
    await finishNext(shop.store, 'failed'),
    await finishNext(shop.store, 'succeeded'),
    await finishNext(shop.store, 'succeeded'),
  ];
  assert.equal(await shop.store.remove(failed), true);
  assert.deepEqual([(await shop.store.findRun(id))?.status, (await statusesOf(shop.store, id)).length], ['failed', 2]);
  for (const other of others) await shop.store.remove(other);
  assert.equal(await shop.store.findRun(id), undefined);
});

test('a run has no more of its builds run at once than it says, while others pass', async () => {
  await using shop = await storeShop();
  const { id } = await aRun(shop.store, { parallel: 1 });
  const other = aBuild({ id: ulid() });
  await shop.store.add(other);
  const first = await claimed(shop.store, 'a');
  assert.equal(first.build.machine, 'web');
  assert.equal((await claimed(shop.store, 'b')).build.id, other.id);
  const none = await shop.store.claim({ token: 'c', slot: 0, room: hostWith(roomy), leaseMs: 1000 });
  assert.equal(none, undefined);
  await shop.store.finish(first.build.id, first.token, ends.succeeded);
  assert.equal((await claimed(shop.store, 'd')).build.machine, 'db');
  assert.deepEqual(await statusesOf(shop.store, id), ['succeeded', 'running', 'queued']);
});

test('with fail_fast a build that fails, or is held for it, ends those that wait and asks those that run', async () => {
  for (const held of [false, true]) {
    await using shop = await storeShop();
    const { store } = shop;
    const { id } = await aRun(store, { failFast: true });
    const [web, db] = [await claimed(store, 'a'), await claimed(store, 'b')];
    if (held) await store.hold(web.build.id, 'a', { until: 9e12 }, ends.failed.fault);
    else await store.finish(web.build.id, 'a', ends.failed);
    assert.deepEqual(await statusesOf(store, id), [held ? 'held' : 'failed', 'running', 'cancelled']);
    const [, running, waited] = (await store.findRun(id))?.builds ?? [];
    assert.equal(running?.cancelRequested, true);
    assert.match(
      waited?.fault?.message ?? '',
      new RegExp(`cancelled: build ${web.build.id} of the machine web has failed`),
    );
    assert.match(running.cancel?.reason ?? '', /machine web/);
    await store.finish(db.build.id, 'b', ends.cancelled);
  }
});

test('without fail_fast, and for builds beside the run, a failure means nothing', async () => {
  await using shop = await storeShop();
  const first = await aRun(shop.store);
  const other = await aRun(shop.store, { failFast: true });
  await finishNext(shop.store, 'failed');
  assert.deepEqual(await statusesOf(shop.store, first.id), ['failed', 'queued', 'queued']);
  assert.deepEqual(await statusesOf(shop.store, other.id), ['queued', 'queued', 'queued']);
});

test('a build that the recovery fails ends its run too, and one that ran beside it is not queued again', async () => {
  await using shop = await storeShop();
  const { store } = shop;
  const { id } = await aRun(store, { failFast: true });
  const web = await claimed(store, 'a');
  await claimed(store, 'b');
  await store.hold(web.build.id, 'a', { until: 9e12 }, ends.failed.fault);
  const again = await shop.reopen();
  await again.recover();
  assert.deepEqual(await statusesOf(again, id), ['failed', 'cancelled', 'cancelled']);
  assert.equal((await again.findRun(id))?.status, 'failed');
});

test('a key gives the same run again, and is refused for another body and for a build', async () => {
  await using shop = await storeShop();
  const { store } = shop;
  const key = { key: 'k', owner: 'o', digest: 'd' };
  const run = { id: ulid(), templateName: 'site', failFast: false };
  const builds = () => [aBuild({ id: ulid(), runId: run.id, machine: 'web' })];
  assert.equal((await store.addRun(run, builds(), key)).replayed, false);
  const again = await store.addRun({ ...run, id: ulid() }, builds(), key);
  assert.deepEqual([again.run.id, again.replayed], [run.id, true]);
  assert.equal((await store.replayRun(key))?.id, run.id);
  await assert.rejects(store.replayRun({ ...key, digest: 'other' }), failsAs('idempotency_mismatch'));
  await assert.rejects(store.add(aBuild(), key), failsAs('idempotency_mismatch'));
});

test('a cancel of a run ends each of its builds that has not ended', async () => {
  await using shop = await storeShop();
  const { store } = shop;
  const { id } = await aRun(store);
  await finishNext(store, 'succeeded');
  await claimed(store, 'a');
  const run = await store.cancelRun(id, { by: 'ci', reason: 'superseded' });
  assert.deepEqual(run?.builds.map(({ status }) => status), ['succeeded', 'running', 'cancelled']); // prettier-ignore
  assert.equal(run.builds[1]?.cancelRequested, true);
  assert.deepEqual(run.builds[2]?.cancel, { by: 'ci', reason: 'superseded' });
  assert.equal(await store.cancelRun(ulid()), undefined);
});
