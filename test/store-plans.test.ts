import assert from 'node:assert/strict';
import { test } from 'node:test';
import Sqlite from 'better-sqlite3';
import { countsSql, oldestQueuedSql } from '../src/queue/sqlite/counts.ts';
import { claimSql, heartbeatSql } from '../src/queue/sqlite/claims.ts';
import {
  aheadSql,
  firstSql,
  nextDueSql,
  positionSql,
  startedSql,
  tooLargeSql,
} from '../src/queue/sqlite/queue-rows.ts';
import { contextsSql, endedSql } from '../src/queue/sqlite/keeping/expiry.ts';
import { listSql } from '../src/queue/sqlite/listing.ts';
import { recentSql } from '../src/queue/sqlite/statistics/recent-times.ts';
import { buildsSql, timesSql } from '../src/queue/sqlite/statistics/statistics.ts';
import { monotonicFactory } from 'ulid';
import type { Store } from '../src/queue/store.ts';
import { isLong } from './fixtures/hypervisor.ts';
import { aBuild, claimed, storeShop } from './store-shop.ts';

const either = [false, true];

const lists = either.flatMap((status) =>
  either.flatMap((active) =>
    either.flatMap((template) =>
      either.flatMap((labels) => either.map((run) => ({ status, active: status && active, template, labels, run }))),
    ),
  ),
);

// Walking an index in its order until a LIMIT is what an index is for; walking a table, or sorting, is not.
const grows = /SCAN (?!CONSTANT ROW|other VIRTUAL TABLE|build_count|.* USING COVERING INDEX)|TEMP B-TREE/;

test('no question to a long history is answered by walking a table or by sorting', async (t) => {
  await using shop = await storeShop();
  using raw = { db: new Sqlite(shop.file), [Symbol.dispose]: () => void raw.db.close() };
  const statements = [
    aheadSql,
    recentSql,
    buildsSql,
    timesSql,
    firstSql,
    positionSql,
    tooLargeSql,
    startedSql,
    claimSql,
    nextDueSql,
    heartbeatSql,
    endedSql,
    countsSql,
    oldestQueuedSql,
    contextsSql,
  ];
  const all = [...statements, ...lists.map(listSql)];
  for (const sql of all) {
    const plan = raw.db.prepare<[], { readonly detail: string }>(
      `EXPLAIN QUERY PLAN ${sql.replaceAll(/:\w+|\?/g, "'1'")}`,
    );
    const details = plan.all().map(({ detail }) => detail);
    for (const detail of details) assert.doesNotMatch(detail, grows, `${sql}\n${details.join('\n')}`);
  }
  t.diagnostic(`${all.length} statements`);
});

const ulid = monotonicFactory();

/** Ended builds as they would be after months, written in one go. */
const grow = (file: string, builds: number): void => {
  using raw = { db: new Sqlite(file), [Symbol.dispose]: () => void raw.db.close() };
  const build = raw.db.prepare(`
    INSERT INTO build (id, template_name, labels, priority, timeout_ms, on_error, memory_mb, disk_mb, sensitive, status,
                       attempt, attempts_left, created_at, started_at, ended_at, fault)
    VALUES (?, ?, '{"ci":"x"}', 0, 1, 'cleanup', 1, 1, '[]', ?, 1, 2, 1, 1, ?, ?)`);
  const label = raw.db.prepare(`INSERT INTO build_label VALUES ('ci', 'x', ?)`);
  const event = raw.db.prepare(`INSERT INTO build_event VALUES (?, 1, 1, 'build.queued', '{}')`);
  raw.db.transaction(() => {
    for (let n = 0; n < builds; n++) {
      const id = ulid();
      const failed = n % 3 === 0;
      build.run(id, n % 2 ? 'base' : 'web', failed ? 'failed' : 'succeeded', n + 1, failed ? '{}' : null);
      label.run(id);
      event.run(id);
    }
  })();
};

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;

/** Milliseconds for a list by each filter, and for a claim. */
const measure = async (store: Store): Promise<Readonly<Record<'list' | 'claim', number>>> => {
  const [lists, claims]: [number[], number[]] = [[], []];
  for (let n = 0; n < 100; n++) {
    const start = performance.now();
    for (const filter of [{}, { statuses: ['failed' as const] }, { template: 'web' }, { labels: { ci: 'x' } }])
      await store.list(filter, { limit: 20 });
    lists.push(performance.now() - start);
    await store.add(aBuild());
    const begin = performance.now();
    const { build, token } = await claimed(store);
    claims.push(performance.now() - begin);
    await store.finish(build.id, token, { status: 'succeeded', artifacts: [] });
  }
  return { list: median(lists), claim: median(claims) };
};

const long = isLong ? 100_000 : 20_000;

test(`listing and claiming beside ${long} builds costs no more than thrice what it does beside 1000`, async (t) => {
  await using shop = await storeShop();
  grow(shop.file, 1000);
  const few = await measure(shop.store);
  grow(shop.file, long - 1000);
  const many = await measure(shop.store);
  t.diagnostic(`list ${few.list.toFixed(2)} ms -> ${many.list.toFixed(2)} ms`);
  t.diagnostic(`claim ${few.claim.toFixed(2)} ms -> ${many.claim.toFixed(2)} ms`);
  assert.ok(many.list <= few.list * 3 && many.claim <= few.claim * 3);
});
