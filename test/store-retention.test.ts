import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepPruned, prune } from '../src/queue/retention.ts';
import { deferred } from '../src/base/waiting.ts';
import { aBuild, storeShop } from './store-shop.ts';
import type { Shop } from './store-shop.ts';

const quiet = { warn: () => undefined };
const never = new AbortController().signal;
const dayMs = 24 * 60 * 60 * 1000;

const policyOf = (keep: number) => () => ({ keep, days: 30, keepGood: 1, rules: [] });

const ended = async ({ store }: Shop): Promise<string> => {
  const { id } = aBuild();
  await store.add(aBuild({ id }));
  await store.cancel(id);
  return id;
};

test('builds beyond the number or the days that are kept go with their files, all of them in one call', async () => {
  await using shop = await storeShop();
  const { store, clock } = shop;
  const old = [];
  for (let n = 0; n < 70; n++) old.push(await ended(shop));
  clock.time += 31 * dayMs;
  const young = [await ended(shop), await ended(shop), await ended(shop)];
  const active = await store.add(aBuild());
  const removed: string[] = [];
  const removeFiles = async (id: string) => {
    assert.ok(await store.find(id), 'the files go before the build');
    removed.push(id);
  };
  assert.equal(await prune({ store, removeFiles, policy: policyOf(2), clock, log: quiet }, never), 71);
  assert.deepEqual(removed, [...old, young[0]]);
  const left = await store.list({}, { limit: 100 });
  assert.deepEqual(
    left.items.map(({ id }) => id),
    [active.build.id, young[2], young[1]],
  );
});

test('files that cannot be deleted keep their build, and do not keep the others', async () => {
  await using shop = await storeShop();
  const { store, clock } = shop;
  const [stuck, free] = [await ended(shop), await ended(shop)];
  const warned: object[] = [];
  const removeFiles = async (id: string) => {
    if (id === stuck) throw new Error('EBUSY');
  };
  const log = { warn: (facts: object) => void warned.push(facts) };
  assert.equal(await prune({ store, removeFiles, policy: policyOf(0), clock, log }, never), 1);
  assert.ok(await store.find(stuck));
  assert.equal(await store.find(free), undefined);
  assert.ok(warned.length > 0);
});

test('a build that ends pushes the oldest out', async () => {
  await using shop = await storeShop();
  const { store, clock } = shop;
  const first = await ended(shop);
  const gone = deferred<string>();
  const removeFiles = async (id: string) => gone.resolve(id);
  await using pruning = keepPruned({ store, removeFiles, policy: policyOf(1), clock, log: quiet });
  assert.ok(pruning);
  await ended(shop);
  assert.equal(await gone.promise, first);
});
