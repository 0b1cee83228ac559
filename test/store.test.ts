import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeTime } from 'ulid';
import { storeLimits } from '../src/queue/sqlite/open-store.ts';
import { aBuild, claimed, failsAs, nobody, hostWith, roomy, storeShop } from './store-shop.ts';

test('a build that was added is found again with all that was asked for, and its template is read apart', async () => {
  await using shop = await storeShop();
  const asked = aBuild({
    templateVersion: 3,
    variables: { release: '7.9' },
    labels: { ci: 'nightly' },
    contextId: 'c1',
    onError: 'hold',
    sensitive: ['password'],
  });
  const { build, replayed } = await shop.store.add(asked);
  const { template, variables, plan, ...small } = asked;
  assert.equal(replayed, false);
  assert.deepEqual(build, {
    ...small,
    status: 'queued',
    attempt: 0,
    attemptsLeft: 3,
    createdAt: decodeTime(asked.id),
    notBefore: 0,
    cancelRequested: false,
    isSuspect: false,
    version: 1,
  });
  await shop.reopen();
  assert.deepEqual(await shop.store.find(asked.id), build);
  assert.deepEqual(await shop.store.input(asked.id), { template, variables, plan });
  assert.equal(await shop.store.find(nobody), undefined);
});

test('an idempotency key gives the first build to the same body, a fault to another, nothing to another owner', async () => {
  await using shop = await storeShop();
  const key = { key: 'k', owner: 'alice', digest: 'd1' };
  // All in one turn of the event loop, so they are one transaction, as a client's impatient retry may be.
  const [first, again, other, elsewhere] = await Promise.allSettled([
    shop.store.add(aBuild(), key),
    shop.store.add(aBuild(), key),
    shop.store.add(aBuild(), { ...key, digest: 'd2' }),
    shop.store.add(aBuild(), { ...key, owner: 'bob' }),
  ]);
  assert.ok(first.status === 'fulfilled' && again.status === 'fulfilled' && elsewhere.status === 'fulfilled');
  assert.equal(again.value.build.id, first.value.build.id);
  assert.equal(again.value.replayed, true);
  assert.ok(other.status === 'rejected' && failsAs('idempotency_mismatch')(other.reason));
  assert.notEqual(elsewhere.value.build.id, first.value.build.id);
  assert.equal((await shop.store.counts()).queued, 2);
});

test('the queue gives the highest priority first, then the oldest', async () => {
  await using shop = await storeShop();
  const [a, b, c] = [aBuild(), aBuild({ priority: 5 }), aBuild({ priority: 5 })];
  await Promise.all([a, b, c].map((build) => shop.store.add(build)));
  for (const { id } of [b, c, a]) assert.equal((await claimed(shop.store)).build.id, id);
  assert.equal(await shop.store.claim({ token: 't', slot: 0, room: hostWith(roomy), leaseMs: 1 }), undefined);
});

test('a build that has no room yet is passed by a small one until room is kept for it', async () => {
  await using shop = await storeShop();
  const [large, small, other] = [aBuild({ demand: { memoryMb: 900, diskMb: 10 } }), aBuild(), aBuild()];
  for (const build of [large, small, other]) await shop.store.add(build);
  const whole = { memoryMb: 950, diskMb: 1000 };
  const claim = (token: string, memoryMb: number) =>
    shop.store.claim({ token, slot: 0, leaseMs: 1e9, room: hostWith({ memoryMb, diskMb: 1000 }, whole, 60_000) });
  assert.equal((await claim('t1', 500))?.build.id, small.id);
  shop.clock.time += 61_000;
  assert.equal(await claim('t2', 500), undefined);
  assert.equal((await claim('t3', 900))?.build.id, large.id);
});

test('an ended build can be removed with all that belongs to it, an active one cannot', async () => {
  await using shop = await storeShop();
  const asked = aBuild({ labels: { a: 'b' }, contextId: 'c1' });
  const key = { key: 'k', owner: 'o', digest: 'd' };
  await shop.store.add(asked, key);
  await assert.rejects(shop.store.remove(asked.id), failsAs('build_active'));
  await shop.store.cancel(asked.id);
  assert.deepEqual(await shop.store.contexts(), new Set(['c1']));
  assert.equal(await shop.store.remove(asked.id), true);
  assert.equal(await shop.store.remove(asked.id), false);
  assert.equal(await shop.store.input(asked.id), undefined);
  assert.deepEqual(await shop.store.events(asked.id, 0, 9), []);
  assert.deepEqual(await shop.store.contexts(), new Set());
  assert.equal((await shop.store.counts()).cancelled, 0);
  assert.equal((await shop.store.add(aBuild(), key)).replayed, false);
});

test('listeners hear of a commit once per build, only while they listen, and when it can be read', async () => {
  await using shop = await storeShop();
  const [a, b] = [aBuild(), aBuild()];
  const told: string[] = [];
  const readable: Promise<unknown>[] = [];
  using all = shop.store.onChange('*', (id) => {
    told.push(`* ${id}`);
    readable.push(shop.store.find(id));
  });
  assert.ok(all);
  const one = shop.store.onChange(a.id, (id) => told.push(id));
  await Promise.all([shop.store.add(a), shop.store.event(a.id, 'boot.progress', { line: 'x' }), shop.store.add(b)]);
  assert.deepEqual(told, [`* ${a.id}`, a.id, `* ${b.id}`]);
  assert.ok((await Promise.all(readable)).every((build) => build !== undefined));
  one[Symbol.dispose]();
  told.length = 0;
  await assert.rejects(shop.store.event(nobody, 'boot.progress', { line: 'x' }), failsAs('not_found'));
  await shop.store.cancel(a.id);
  assert.deepEqual(told, [`* ${a.id}`]);
});

test('one bad write in a turn of the event loop does not spoil the others', async () => {
  await using shop = await storeShop();
  const [good, better] = [aBuild(), aBuild()];
  const wrong = aBuild({ timeoutMs: -1 });
  const outcomes = await Promise.allSettled([good, wrong, better].map((build) => shop.store.add(build)));
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal(await shop.store.input(wrong.id), undefined);
  assert.equal((await shop.store.counts()).queued, 2);
});

test('a queue that is full refuses a build, replays one that it has, and takes more when one has left it', async () => {
  await using shop = await storeShop({ limits: { ...storeLimits, queued: 2 } });
  const { store } = shop;
  const idempotency = { key: 'k', owner: 'o', digest: 'd' };
  const first = await store.add(aBuild(), idempotency);
  const both = await Promise.allSettled([store.add(aBuild()), store.add(aBuild())]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  await assert.rejects(store.add(aBuild()), failsAs('queue_full'));
  assert.equal((await store.add(aBuild(), idempotency)).build.id, first.build.id);
  await claimed(store);
  await store.add(aBuild());
  assert.equal((await store.counts()).queued, 2);
});
