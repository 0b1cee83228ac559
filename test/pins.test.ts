import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prune } from '../src/queue/retention.ts';
import { systemClock } from '../src/base/clock.ts';
import { storeLimits } from '../src/queue/sqlite/open-store.ts';
import { admittingShop } from './fixtures/admitting-shop.ts';
import { apiShop, type ApiShop } from './api-shop.ts';

import { bounds } from '../src/base/bounds.ts';
import { aBuild, aFault, claimed, failsAs, nobody, storeShop, type Shop } from './store-shop.ts';

type Pinned = { readonly pinned?: { readonly by: string; readonly reason?: string }; readonly version: number };

const ended = async ({ store }: Pick<Shop, 'store'>): Promise<string> => {
  const { build } = await store.add(aBuild());
  await store.cancel(build.id);
  return build.id;
};

const call = (shop: ApiShop, method: 'PUT' | 'DELETE' | 'GET', url: string, payload?: object) =>
  shop.ask({ method, url, headers: shop.auth, ...(payload === undefined ? {} : { payload }) });

test('a pinned build is kept from the retention and from DELETE until the pin is taken off', async () => {
  await using shop = await apiShop();
  const [kept, other] = [await ended(shop), await ended(shop)];
  const put = await call(shop, 'PUT', `/builds/${kept}/pin`, { reason: 'shipped as 2026.3' });
  assert.equal(put.statusCode, 200);
  const { pinned, version } = put.json<Pinned>();
  assert.deepEqual([pinned?.reason, put.headers.etag], ['shipped as 2026.3', `"${version}"`]);
  assert.deepEqual((await call(shop, 'GET', `/builds/${kept}`)).json<Pinned>().pinned, pinned);

  const refused = await call(shop, 'DELETE', `/builds/${kept}`);
  assert.equal(refused.statusCode, 409);
  assert.match(refused.json<{ detail: string }>().detail, /pinned by ".+": shipped as 2026\.3/);
  const removed: string[] = [];
  const parts = {
    store: shop.store,
    removeFiles: async (id: string) => void removed.push(id),
    policy: () => ({ keep: 0, days: 0, keepGood: 0, rules: [] }),
    clock: { ...systemClock, now: () => systemClock.now() + 60_000 },
    log: { warn: (_facts: object, message: string) => assert.fail(message) },
  };
  await prune(parts, new AbortController().signal);
  assert.deepEqual(removed, [other]);
  assert.equal(await shop.store.beginRemoval(kept), false);

  const taken = await call(shop, 'DELETE', `/builds/${kept}/pin`);
  assert.equal(taken.json<Pinned>().pinned, undefined);
  assert.equal(
    (await call(shop, 'DELETE', `/builds/${kept}/pin`)).json<Pinned>().version,
    taken.json<Pinned>().version,
  );
  assert.equal((await call(shop, 'DELETE', `/builds/${kept}`)).statusCode, 204);
});

test('what has not ended or is not there is not pinned, and a reason is one line', async () => {
  await using shop = await apiShop();
  const { build } = await shop.store.add(aBuild());
  const code = async (id: string, payload?: object) => {
    const reply = await call(shop, 'PUT', `/builds/${id}/pin`, payload);
    return [reply.statusCode, reply.json<{ code?: string }>().code];
  };
  assert.deepEqual(await code(build.id), [409, 'build_active']);
  assert.deepEqual(await code(nobody), [404, 'not_found']);
  const one = await ended(shop);
  assert.deepEqual(await code(one), [200, undefined]);
  assert.deepEqual(await code(one, { reason: 'two\nlines' }), [400, 'invalid_input']);
});

test('as many builds are pinned as the host allows, and the same one again is none more', async () => {
  await using shop = await storeShop({ limits: { ...storeLimits, pins: 1 } });
  const [one, two] = [await ended(shop), await ended(shop)];
  const pin = (id: string, reason?: string) =>
    shop.store.pin(id, { by: 'ci', ...(reason === undefined ? {} : { reason }) });
  await pin(one);
  assert.equal((await pin(one, 'better')).pin?.reason, 'better');
  await assert.rejects(pin(two), failsAs('pins_exhausted'));
  await shop.store.unpin(one, 'ci');
  await pin(two);
});

test('what a build was asked for beside its template is shown, for builds and for runs alike', async () => {
  await using shop = await admittingShop();
  const template = { name: 'site', machine: { memory: '64M', disks: [{ size: '1M' }], cdrom: 'media:shop/boot.iso' } };
  const asked = { debug: true, force: true, on_error: 'run-cleanup-provisioner' } as const;
  const post = (url: string, body: object) => shop.ask({ method: 'POST', url, payload: body, headers: shop.auth });
  const told = (build: object) =>
    Object.fromEntries(Object.entries(build).filter(([key]) => Object.hasOwn(asked, key)));
  const one = await post('/builds', { template, ...asked });
  assert.deepEqual(told(one.json<object>()), asked);
  const run = await post('/runs', { template: { ...template, machines: { a: {}, b: {} } }, ...asked });
  const { builds } = run.json<{ readonly builds: readonly { readonly id: string }[] }>();
  assert.equal(builds.length, 2);
  for (const { id } of builds) assert.deepEqual(told((await call(shop, 'GET', `/builds/${id}`)).json<object>()), asked);
  const plain = await post('/builds', { template });
  assert.deepEqual(told(plain.json<object>()), { on_error: 'cleanup' });
  const wrong = await post('/builds', { template, on_error: 'abort' });
  assert.match(wrong.body, /is none of cleanup, hold, run-cleanup-provisioner/);
});

test('what changes nothing of a pin or a hold leaves no event, and what changes something leaves so many', async () => {
  await using shop = await storeShop();
  const { store, clock } = shop;
  const id = await ended(shop);
  const pin = () => store.pin(id, { by: 'ci', reason: 'shipped' });
  const { version } = await pin();
  assert.equal((await pin()).version, version);
  assert.equal((await store.unpin(id, 'ci')).version, version + 1);
  assert.equal((await store.unpin(id, 'ci')).version, version + 1);
  for (let at = 1; at < bounds.buildChanges; at++) await store.pin(id, { by: 'ci', reason: String(at) });
  await assert.rejects(pin(), failsAs('changes_exhausted'));
  assert.equal((await store.unpin(id, 'ci')).pin, undefined);

  const { build } = await store.add(aBuild());
  await claimed(store, 'w');
  await store.hold(build.id, 'w', { until: clock.now() + 60_000 }, aFault('guest_panicked'));
  const before = await store.setHold(build.id, clock.now() + 120_000);
  assert.equal((await store.setHold(build.id, clock.now() + 120_500)).version, before.version);
  for (let at = 1; at < bounds.buildChanges; at++)
    await store.setHold(build.id, clock.now() + (at % 2) * 60_000 + 30_000);
  await assert.rejects(store.setHold(build.id, clock.now() + 600_000), failsAs('changes_exhausted'));
  const over = await store.setHold(build.id, clock.now());
  assert.equal(over.hold?.until, clock.now());
  assert.equal((await store.setHold(build.id, clock.now())).version, over.version);
});
