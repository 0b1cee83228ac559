import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { test } from 'node:test';
import Sqlite from 'better-sqlite3';
import { systemClock } from '../src/base/clock.ts';
import type { Clock } from '../src/base/clock.ts';
import { maxLogBytes, maxPages } from '../src/queue/sqlite/checkpoints.ts';
import { openStore } from '../src/queue/sqlite/open-store.ts';
import { aBuild, anArtifact, claimed, migrations, storeShop } from './store-shop.ts';
import type { Shop } from './store-shop.ts';

const pageBytes = 4096;
const sizeOf = async (file: string) => (await stat(file)).size;
const logOf = ({ file }: Shop) => sizeOf(`${file}-wal`);

/** A clock whose second passes when the test says so. */
const tickingClock = () => {
  const ticks: (() => void)[] = [];
  const every: Clock['every'] = (_ms, act) => {
    ticks.push(act);
    return { [Symbol.dispose]: () => undefined };
  };
  return { clock: { ...systemClock, every }, tick: () => ticks.forEach((act) => act()) };
};

test('the log is copied into the database in a quiet second, and not while commits come', async () => {
  const { clock, tick } = tickingClock();
  await using shop = await storeShop({ clock });
  const before = await sizeOf(shop.file);
  for (let round = 0; round < 5; round++) {
    for (let n = 0; n < 5; n++) await shop.store.add(aBuild());
    tick();
  }
  assert.equal(await sizeOf(shop.file), before, 'it was copied while commits came');
  tick();
  assert.ok((await sizeOf(shop.file)) > before, 'it was not copied in the quiet second');
});

test('the log stays below 8 MB while 20 clients post and 4 builds write events', async (t) => {
  await using shop = await storeShop({ clock: systemClock });
  const { store } = shop;
  const posts = 2500;
  let posted = 0;
  const template = { name: 'tiny', text: 'x'.repeat(3000) };
  const client = async () => {
    while (posted++ < posts) await store.add(aBuild({ template }));
  };
  const worker = async () => {
    while (posted < posts) {
      const { build, token } = await claimed(store);
      for (let n = 0; n < 50; n++) await store.event(build.id, 'boot.progress', { line: '/x'.repeat(100) }, token);
      await store.finish(build.id, token, { status: 'succeeded', artifacts: [anArtifact('a')] });
    }
  };
  let largest = 0;
  using _looking = store.onChange('*', () => {
    void logOf(shop).then((bytes) => (largest = Math.max(largest, bytes)));
  });
  for (let n = 0; n < 4; n++) await store.add(aBuild());
  await Promise.all([...Array.from({ length: 20 }, client), ...Array.from({ length: 4 }, worker)]);
  const written = await sizeOf(shop.file);
  assert.ok(written > 2 * maxPages * pageBytes, `only ${written} bytes were written`);
  assert.ok(largest > 0 && largest < 8 * 2 ** 20, `${largest} bytes`);
  t.diagnostic(`log ${(largest / 2 ** 20).toFixed(1)} MB at most, database ${(written / 2 ** 20).toFixed(1)} MB`);
});

test('large builds that arrive together do not share one transaction, and the log is cut again after one', async () => {
  await using shop = await storeShop({ clock: systemClock });
  const large = () => aBuild({ template: { name: 'tiny', text: 'x'.repeat(4_000_000) } });
  await Promise.all(Array.from({ length: 8 }, () => shop.store.add(large())));
  const most = maxPages * pageBytes + 3 * 4_000_000;
  assert.ok((await logOf(shop)) < most, `${await logOf(shop)} bytes`);
  await shop.store.add(aBuild({ template: { name: 'tiny', text: 'x'.repeat(10_000_000) } }));
  assert.ok((await logOf(shop)) > maxLogBytes);
  for (let n = 0; n < 3; n++) await shop.store.add(aBuild());
  assert.ok((await logOf(shop)) <= maxLogBytes, `${await logOf(shop)} bytes`);
});

test('another program that keeps a transaction open is told of once, when the log cannot begin anew', async () => {
  const { clock, tick } = tickingClock();
  const troubles: unknown[] = [];
  await using shop = await storeShop();
  await shop.store[Symbol.asyncDispose]();
  const log = { warn: (facts: object) => void troubles.push(facts) };
  await using store = await openStore({ file: shop.file, migrations, clock, log });
  await store.add(aBuild());
  using reader = { db: new Sqlite(shop.file), [Symbol.dispose]: () => void reader.db.close() };
  reader.db.exec('BEGIN; SELECT * FROM build');
  for (let n = 0; n < 10; n++) await store.add(aBuild({ template: { name: 'tiny', text: 'x'.repeat(4_000_000) } }));
  tick();
  tick();
  assert.equal(troubles.length, 1);
  assert.match(JSON.stringify(troubles[0]), /store_unavailable/);
});
