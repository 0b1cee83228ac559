import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import Sqlite, { type Database } from 'better-sqlite3';
import { cleanupStack } from '../src/base/cleanup.ts';
import { migrate, readMigrations } from '../src/queue/sqlite/migrate.ts';
import { failsAs, migrations as ours } from './store-shop.ts';

/** A folder with these migrations, and an empty database. */
const place = async (files: Readonly<Record<string, string>>) => {
  const cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'imaged-migrate-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  for (const [name, sql] of Object.entries(files)) await writeFile(join(folder, name), sql);
  const db = new Sqlite(join(folder, 'some.db'));
  cleanup.defer(() => void db.close());
  const tables = () => db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`).pluck().all();
  return { db, tables, folder: pathToFileURL(folder), [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose]() };
};

test('migrations are applied in order, once', async () => {
  await using here = await place({
    '0001_first.sql': 'CREATE TABLE one (a INTEGER) STRICT; INSERT INTO one VALUES (1);',
    '0002_second.sql': 'ALTER TABLE one RENAME TO two;',
    'README.md': 'no migration',
  });
  const known = readMigrations(here.folder);
  assert.equal(migrate(here.db, known.slice(0, 1)), 1);
  assert.deepEqual(here.tables(), ['one']);
  assert.equal(migrate(here.db, known), 2);
  assert.equal(migrate(here.db, known), 2);
  assert.deepEqual(here.db.prepare('SELECT a FROM two').all(), [{ a: 1 }]);
});

test('a migration that fails leaves nothing of itself, and those before it in place', async () => {
  await using here = await place({
    '0001_first.sql': 'CREATE TABLE one (a INTEGER) STRICT;',
    '0002_second.sql': 'CREATE TABLE two (a INTEGER) STRICT; INSERT INTO nowhere VALUES (1);',
  });
  assert.throws(() => migrate(here.db, readMigrations(here.folder)), /nowhere/);
  assert.deepEqual(here.tables(), ['one']);
  assert.equal(here.db.pragma('user_version', { simple: true }), 1);
});

test('a migration may rebuild a table that others refer to, but not leave rows that refer to nothing', async () => {
  const rebuilt = (rows: string) => `
    CREATE TABLE new_parent (id INTEGER PRIMARY KEY, name TEXT) STRICT;
    INSERT INTO new_parent (id) SELECT id FROM parent WHERE ${rows};
    DROP TABLE parent;
    ALTER TABLE new_parent RENAME TO parent;`;
  const first = `
    CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT;
    CREATE TABLE child (parent INTEGER REFERENCES parent (id) ON DELETE CASCADE) STRICT;
    INSERT INTO parent VALUES (1);
    INSERT INTO child VALUES (1);`;
  await using good = await place({ '0001_first.sql': first, '0002_rebuild.sql': rebuilt('true') });
  assert.equal(migrate(good.db, readMigrations(good.folder)), 2);
  assert.equal(good.db.prepare('SELECT count(*) FROM child').pluck().get(), 1);
  await using bad = await place({ '0001_first.sql': first, '0002_rebuild.sql': rebuilt('false') });
  assert.throws(() => migrate(bad.db, readMigrations(bad.folder)), failsAs('store_unavailable'));
  assert.equal(bad.db.pragma('user_version', { simple: true }), 1);
});

test('a database that a newer imaged wrote is refused and not touched', async () => {
  await using here = await place({ '0001_first.sql': 'CREATE TABLE one (a INTEGER) STRICT;' });
  here.db.pragma('user_version = 2');
  assert.throws(() => migrate(here.db, readMigrations(here.folder)), failsAs('store_unavailable'));
  assert.deepEqual(here.tables(), []);
});

test('a gap or a wrong name among the migrations is refused', async () => {
  await using gap = await place({ '0001_first.sql': '', '0003_third.sql': '' });
  assert.throws(() => readMigrations(gap.folder), /0003_third\.sql/);
  await using misnamed = await place({ '1_first.sql': '' });
  assert.throws(() => readMigrations(misnamed.folder), failsAs('store_unavailable'));
});

test('every table of ours is STRICT', async () => {
  await using here = await place({});
  migrate(here.db, readMigrations(ours));
  const lax = here.db
    .prepare(`SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0`)
    .pluck()
    .all();
  assert.deepEqual(lax, ['sqlite_schema']);
});

const insertBuild = (db: Database, change: Readonly<Record<string, string | number | null>> = {}) => {
  const row = {
    ...{ id: '01ARZ3NDEKTSV4RRFFQ69G5FAV', template_name: 't', labels: '{}', priority: 0, timeout_ms: 1 },
    ...{ on_error: 'hold', memory_mb: 1, disk_mb: 1, sensitive: '[]', attempts_left: 3, created_at: 1 },
    ...change,
  };
  const names = Object.keys(row);
  db.prepare(`INSERT INTO build (${names.join(', ')}) VALUES (${names.map((name) => `:${name}`).join(', ')})`).run(row);
};

test('artifacts of before are disks by their media type, and a file of an unknown format is any bytes', async () => {
  await using here = await place({});
  const known = readMigrations(ours);
  migrate(here.db, known.slice(0, 3));
  insertBuild(here.db);
  const insert = here.db.prepare(`INSERT INTO artifact SELECT id, ?, ?, ?, 1, '${'ab'.repeat(32)}' FROM build`);
  ['qcow2', 'raw', 'vmdk'].forEach((format, seq) => insert.run(seq, `a.${format}`, format));
  migrate(here.db, known);
  assert.deepEqual(here.db.prepare('SELECT media_type FROM artifact ORDER BY seq').pluck().all(), [
    'application/x-qemu-disk',
    'application/x-raw-disk-image',
    'application/octet-stream',
  ]);
});

test('the database refuses what must never be, whatever the program does', async () => {
  await using here = await place({});
  migrate(here.db, readMigrations(ours));
  const insert = (change: Readonly<Record<string, string | number | null>>) => insertBuild(here.db, change);
  const lease = { token: 't', lease_until: 1, slot: 0, attempt: 1, started_at: 1 };
  const never = [
    { id: 'short' },
    { status: 'paused' },
    { labels: 'no json' },
    { timeout_ms: 0 },
    { debug: 2 },
    { force: 2 },
    { ended_at: 1 },
    { status: 'succeeded' },
    { status: 'failed', ended_at: 1 },
    { status: 'succeeded', ended_at: 1, fault: '{}' },
    { status: 'running' },
    { ...lease },
    { status: 'running', ...lease, slot: null },
    { status: 'running', ...lease, lease_until: null },
    { status: 'held', ...lease, fault: '{}' },
    { status: 'held', ...lease, hold_until: 1 },
    { status: 'running', ...lease, hold_until: 1 },
    { phase: 'booting' },
    { host: 'here' },
    { host: '', status: 'running', ...lease },
    { attempt: 1 },
    { cancel_requested: 1 },
    { cancel_requested: 2, status: 'running', ...lease },
    { attempts_left: 0 },
    { attempts_left: -1, status: 'running', ...lease },
    { memory_mb: -1 },
  ];
  for (const change of never) assert.throws(() => insert(change), /CHECK constraint failed/, JSON.stringify(change));

  insert({});
  assert.throws(() => here.db.exec(`DELETE FROM build`), /never deleted/);
  here.db.exec(`UPDATE build SET status = 'cancelled', ended_at = 1, fault = '{}'`);
  assert.throws(() => here.db.exec(`UPDATE build SET status = 'queued', ended_at = NULL`), /never changes/);
  const event = `INSERT INTO build_event (build_id, seq, at, type, data) SELECT id, ?, 1, 'x', '{}' FROM build`;
  assert.throws(() => here.db.prepare(event).run(2), /without a gap/);
  here.db.prepare(event).run(1);
  assert.throws(() => here.db.prepare(event).run(1), /without a gap/);
});
