import assert from 'node:assert/strict';
import { test } from 'node:test';
import Sqlite from 'better-sqlite3';
import { statisticsBounds } from '../src/base/bounds.ts';
import { dayOf } from '../src/base/records/day.ts';
import type { Phase } from '../src/base/records/phase.ts';
import type { NewBuild } from '../src/queue/asked.ts';
import type { Outcome } from '../src/queue/records.ts';
import { migrate, readMigrations } from '../src/queue/sqlite/migrate.ts';
import { openStore } from '../src/queue/sqlite/open-store.ts';
import { aBuild, aFault, anArtifact, claimed, migrations, storeShop, type Shop } from './store-shop.ts';

const dayMs = 86_400_000;

type Told = {
  readonly of?: Partial<NewBuild>;
  readonly waitMs?: number;
  /** What each step takes. */
  readonly steps?: Readonly<Record<string, number>>;
  readonly outcome?: Outcome;
};

/** Runs a build through the store, in the time of its clock; gives its id. */
const runOne = async (
  { store, clock }: Pick<Shop, 'store' | 'clock'>,
  {
    of = {},
    waitMs = 1000,
    steps = { boot: 2000 },
    outcome = { status: 'succeeded', artifacts: [anArtifact('a')] },
  }: Told = {},
): Promise<string> => {
  // The time of a build is that in its id, which these builds have of the host's clock.
  const { build } = await store.add(aBuild(of));
  clock.time = build.createdAt + waitMs;
  const { token } = await claimed(store);
  for (const [name, ms] of Object.entries(steps)) {
    const seq = await store.beginStep(build.id, token, { name, phase: 'booting' satisfies Phase });
    clock.time += ms;
    await store.endStep(build.id, token, seq);
  }
  await store.finish(build.id, token, outcome);
  return build.id;
};

/** Those of the day on which the builds end. */
const statisticsOf = async ({ store, clock }: Shop, template?: string) => {
  const day = dayOf(clock.time);
  return store.statistics({ from: day - 1, to: day }, template);
};

const near = (ms: number | undefined, exact: number) =>
  assert.ok(ms !== undefined && Math.abs(ms - exact) <= exact * 0.05, `${ms} for ${exact}`);

test('each build that ends is counted on its day, by its status and by why, under its template and under all', async () => {
  await using shop = await storeShop();
  const failure = { status: 'failed', fault: aFault('step_timeout') } as const;
  await runOne(shop, { waitMs: 3000, steps: { boot: 2000, shell: 40_000 } });
  await runOne(shop, { outcome: failure });
  await runOne(shop, { of: { templateName: 'other' }, outcome: failure });
  const { build } = await shop.store.add(aBuild({ templateName: 'other' }));
  await shop.store.cancel(build.id);

  const all = await statisticsOf(shop);
  assert.deepEqual(
    all.days.map(({ succeeded, failed, cancelled }) => [succeeded, failed, cancelled]),
    [[1, 2, 1]],
  );
  assert.deepEqual(all.faults, [
    { code: 'step_timeout', status: 'failed', n: 2 },
    { code: 'cancelled', status: 'cancelled', n: 1 },
  ]);
  assert.equal(all.wait?.n, 3);
  near(all.duration?.p50Ms, 42_000);
  assert.deepEqual(all.steps, []);
  assert.deepEqual(all.templates, [
    { name: 'other', succeeded: 0, failed: 1, cancelled: 1 },
    { name: 'tiny', succeeded: 1, failed: 1, cancelled: 0 },
  ]);

  const tiny = await statisticsOf(shop, 'tiny');
  assert.deepEqual([tiny.days[0]?.succeeded, tiny.days[0]?.failed], [1, 1]);
  // The steps of builds that succeeded alone, the longest first.
  assert.deepEqual(
    tiny.steps.map(({ name, n, days }) => [name, n, days.length]),
    [
      ['shell', 1, 1],
      ['boot', 1, 1],
    ],
  );
  near(tiny.steps[0]?.p95Ms, 40_000);
  assert.deepEqual((await statisticsOf(shop, 'nothing')).days, []);
});

test('what is counted stays when the build is deleted, and across a restart', async () => {
  await using shop = await storeShop();
  const id = await runOne(shop);
  const before = await statisticsOf(shop, 'tiny');
  await shop.store.remove(id);
  await shop.reopen();
  assert.deepEqual(await statisticsOf(shop, 'tiny'), before);
  assert.equal(before.days.length, 1);
});

test('a build that goes back to the queue is not counted, and once it has ended, its last attempt is', async () => {
  await using shop = await storeShop();
  const { store, clock } = shop;
  const { build } = await store.add(aBuild());
  const first = await claimed(store, 'one');
  const seq = await store.beginStep(build.id, first.token, { name: 'boot', phase: 'booting' });
  await store.endStep(build.id, first.token, seq);
  await store.finish(build.id, first.token, {
    status: 'queued',
    losesAttempt: true,
    notBefore: clock.time,
    fault: aFault('hypervisor_failed'),
  });
  assert.deepEqual((await statisticsOf(shop)).days, []);
  const second = await claimed(store, 'two');
  const again = await store.beginStep(build.id, second.token, { name: 'boot', phase: 'booting' });
  clock.time += 7000;
  await store.endStep(build.id, second.token, again);
  await store.finish(build.id, second.token, { status: 'succeeded', artifacts: [] });
  const { steps } = await statisticsOf(shop, 'tiny');
  assert.equal(steps[0]?.n, 1);
  near(steps[0]?.p50Ms, 7000);
});

test('days are forgotten after a year', async () => {
  await using shop = await storeShop();
  await runOne(shop);
  const first = dayOf(shop.clock.time);
  const { store, clock } = shop;
  clock.time += 400 * dayMs;
  const { build } = await store.add(aBuild());
  await store.cancel(build.id);
  assert.deepEqual((await store.statistics({ from: first, to: first })).days, []);
  assert.equal((await statisticsOf(shop)).days.length, 1);
});

test('names that clients choose make the statistics no larger than their bounds', async () => {
  await using shop = await storeShop();
  const { store } = shop;
  const { templates, rowsOfDay } = statisticsBounds;
  for (let at = 0; at < templates + 20; at++) {
    const { build } = await store.add(aBuild({ templateName: `t${at}` }));
    await store.cancel(build.id);
  }
  using raw = { db: new Sqlite(shop.file), [Symbol.dispose]: () => void raw.db.close() };
  const one = (sql: string) => raw.db.prepare<[], number>(sql).pluck().get() ?? 0;
  const row = raw.db.prepare(`INSERT INTO statistic_time VALUES (?, 't1', 'step', ?, 0, 1)`);
  for (let at = 0; at < rowsOfDay - 5; at++) row.run(dayOf(shop.clock.time), `s${at}`);
  const steps = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`own${at}`, at]));
  await runOne(shop, { of: { templateName: 't1' }, steps });
  // And "" for all.
  assert.equal(one(`SELECT count(DISTINCT template) FROM statistic_build`), templates + 1);
  assert.equal(one(`SELECT count(*) FROM statistic_time WHERE template = 't1'`), rowsOfDay);
  const told = await statisticsOf(shop);
  assert.equal(told.days[0]?.cancelled, templates + 20);
  assert.equal((await statisticsOf(shop, 't1')).steps.length, statisticsBounds.steps);
});

test('the newest good builds of a template tell how long its steps take: those of its machine and of this host alone', async () => {
  await using shop = await storeShop({ host: 'here' });
  const times = () => shop.store.recentTimes({ templateName: 'tiny' });
  assert.deepEqual(await times(), { builds: 0, steps: [] });
  for (const boot of [1000, 3000, 2000]) await runOne(shop, { steps: { boot, shell: 10 * boot } });
  await runOne(shop, { steps: { boot: 99_000 }, outcome: { status: 'failed', fault: aFault('step_timeout') } });
  await runOne(shop, { of: { machine: 'web' }, steps: { boot: 5000 } });
  await runOne(shop, { of: { debug: true }, steps: { boot: 77_000 } });
  assert.deepEqual(await times(), {
    builds: 3,
    whole: { n: 3, p50Ms: 22_000, p95Ms: 33_000 },
    steps: [
      { name: 'boot', n: 3, p50Ms: 2000, p95Ms: 3000 },
      { name: 'shell', n: 3, p50Ms: 20_000, p95Ms: 30_000 },
    ],
  });
  const web = await shop.store.recentTimes({ templateName: 'tiny', machine: 'web' });
  assert.deepEqual([web.builds, web.steps[0]?.p50Ms], [1, 5000]);

  await using other = await openStore({
    file: `${shop.folder}/other.db`,
    migrations,
    clock: shop.clock,
    host: 'there',
  });
  assert.equal((await other.recentTimes({ templateName: 'tiny' })).builds, 0);
});

test('times are of the newest builds, and of those that had ended by a time where that is asked', async () => {
  await using shop = await storeShop();
  const { recentBuilds } = statisticsBounds;
  await runOne(shop, { steps: { boot: 50_000 } });
  const then = shop.clock.time;
  const times = (before?: number) => shop.store.recentTimes({ templateName: 'tiny' }, before);
  assert.equal((await times()).steps[0]?.p50Ms, 50_000);
  for (let round = 0; round < recentBuilds; round++) {
    await runOne(shop, { waitMs: 100_000, steps: { boot: 1000 } });
    // What was told before another build ended is not told any more.
    assert.equal((await times()).builds, Math.min(recentBuilds, round + 2));
  }
  assert.deepEqual((await times()).steps, [{ name: 'boot', n: recentBuilds, p50Ms: 1000, p95Ms: 1000 }]);
  assert.deepEqual((await times(then)).steps, [{ name: 'boot', n: 1, p50Ms: 50_000, p95Ms: 50_000 }]);
});

test('what ended before there were statistics is counted when they come, as if it had ended now', async () => {
  await using shop = await storeShop();
  await runOne(shop, { waitMs: 4000, steps: { boot: 2000, shell: 123_456, none: 0 } });
  await runOne(shop, { of: { templateName: 'other' }, outcome: { status: 'failed', fault: aFault('step_timeout') } });
  const rows = (db: Sqlite.Database) =>
    ['statistic_build', 'statistic_time'].map((table) => db.prepare(`SELECT * FROM ${table}`).all());
  await shop.store[Symbol.asyncDispose]();
  using raw = { db: new Sqlite(shop.file), [Symbol.dispose]: () => void raw.db.close() };
  const counted = rows(raw.db);
  assert.ok(counted.every((table) => table.length > 0));
  raw.db.exec('DROP TABLE statistic_build; DROP TABLE statistic_time; DROP INDEX build_by_good_run');
  const all = readMigrations(migrations);
  const statistics = all.find(({ name }) => name.endsWith('_statistics.sql'));
  assert.ok(statistics);
  raw.db.exec(statistics.sql);
  assert.deepEqual(rows(raw.db), counted);
  assert.equal(migrate(raw.db, all), all.length);
});

test('the queue ahead is in its order, and no longer than was asked', async () => {
  await using shop = await storeShop();
  const ids: string[] = [];
  for (const priority of [0, 5, 0]) ids.push((await shop.store.add(aBuild({ priority }))).build.id);
  const ahead = await shop.store.queueAhead(2);
  assert.deepEqual(
    ahead.map(({ id }) => id),
    [ids[1], ids[0]],
  );
  assert.deepEqual(ahead[0]?.demand, { memoryMb: 64, diskMb: 100 });
});
