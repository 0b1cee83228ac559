/** What an earlier imaged wrote: its store, as its own migrations made it, and its configuration. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import type { Database } from 'better-sqlite3';
import { cleanupStack } from '../src/base/cleanup.ts';
import { parseConfig } from '../src/config/config.ts';
import { migrate, readMigrations } from '../src/queue/sqlite/migrate.ts';
import { openStore } from '../src/queue/sqlite/open-store.ts';
import { statuses, type Status } from '../src/queue/store.ts';
import { claimed, handClock, migrations } from './store-shop.ts';

// The migrations that 0.1.0 came with.
const then = 3;

const idOf = (name: string): string =>
  `01ARZ3NDEKTSV4RRFFQ6${name
    .toUpperCase()
    .replaceAll(/[ILOU]/g, 'X')
    .padEnd(6, '0')
    .slice(0, 6)}`;

const fault = JSON.stringify({ code: 'guest_panicked', class: 'guest', title: 't', message: 'm', retryable: false });

/** The columns in which a build of one status differs from a queued one. */
const columnsOf: Readonly<Record<Status, Readonly<Record<string, string | number>>>> = {
  queued: { attempts_left: 3 },
  running: {
    phase: 'booting',
    token: 'r',
    lease_until: 60_000,
    slot: 0,
    alive_at: 1000,
    deaths: 2,
    crashes: 2,
    suspect: 1,
  },
  held: { phase: 'provisioning', token: 'h', lease_until: 60_000, slot: 1, fault, hold_until: 9000, hold_ssh: 'ssh x' },
  succeeded: { ended_at: 5000 },
  failed: { ended_at: 6000, fault },
  cancelled: { ended_at: 7000, fault, cancel_requested: 1 },
};

const insertInto = (db: Database, table: string, row: Readonly<Record<string, string | number | Buffer>>): void => {
  const names = Object.keys(row);
  const places = names.map((name) => `:${name}`);
  db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${places.join(', ')})`).run(row);
};

const fillBuild = (db: Database, name: string, columns: Readonly<Record<string, string | number>>): void => {
  const build_id = idOf(name);
  const ran = columns['status'] === 'queued' ? {} : { attempt: 2, started_at: 1000 };
  insertInto(db, 'build', {
    ...{ id: build_id, template_name: 'openbsd', template_version: 3, labels: '{"team":"infra"}', priority: 4 },
    ...{ timeout_ms: 60_000, on_error: 'hold', context_id: 'c1', memory_mb: 512, disk_mb: 2048 },
    ...{ sensitive: '["password"]', attempts_left: 1, created_at: 500, ...ran, ...columns },
  });
  insertInto(db, 'build_input', {
    ...{ build_id, template: '{"name":"openbsd"}', variables: '{"release":"7.9"}' },
    plan: '[{"name":"boot","phase":"booting","timeoutMs":1000}]',
  });
  insertInto(db, 'build_label', { key: 'team', value: 'infra', build_id });
  insertInto(db, 'build_event', { build_id, seq: 1, at: 500, type: 'build.queued', data: '{"template":"openbsd"}' });
  insertInto(db, 'build_event', { build_id, seq: 2, at: 600, type: 'note', data: '{}' });
  if (columns['status'] === 'queued') return;
  const step = { build_id, attempt: 2, started_at: 1000 };
  insertInto(db, 'build_step', { ...step, seq: 1, name: 'boot', phase: 'booting', ended_at: 2000 });
  insertInto(db, 'build_step', { ...step, seq: 2, name: 'finish', phase: 'publishing', ended_at: 2500 });
};

const hash = createHash('sha256').update('secret').digest();

const fill = (db: Database): void => {
  for (const status of statuses) fillBuild(db, status, { status, ...columnsOf[status] });
  // In its pause: it has run, waits, and is cancelled then.
  fillBuild(db, 'paused', { status: 'cancelled', ended_at: 8000, fault });
  const artifact = { format: 'qcow2', size: 4096, sha256: 'ab'.repeat(32) };
  insertInto(db, 'artifact', { build_id: idOf('succeeded'), seq: 1, name: 'disk.qcow2', ...artifact });
  insertInto(db, 'idempotency', { owner: 'alice', key: 'k', digest: 'd', build_id: idOf('failed') });
  insertInto(db, 'template_version', {
    ...{ name: 'openbsd', version: 3, digest: 'd3', document: '{"name":"openbsd"}', context_id: 'c1', created_at: 1 },
  });
  insertInto(db, 'token', { id: 't1', name: 'ci', scopes: '["builds:read"]', hash, created_at: 1 });
};

/** A store that 0.1.0 has filled, in a folder of its own; its file. */
const oldStore = async () => {
  const cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'imaged-upgrade-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  const file = join(folder, 'imaged.db');
  const db = new Sqlite(file);
  assert.equal(migrate(db, readMigrations(migrations).slice(0, then)), then);
  fill(db);
  const schema = db.prepare(`SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name`);
  const objects = schema.all();
  db.close();
  return { file, objects, [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose]() };
};

test('every build of an old store is read with all that it had, and the phase that it ended in', async () => {
  await using old = await oldStore();
  await using store = await openStore({ file: old.file, migrations, clock: handClock(10_000) });
  const common = {
    ...{ templateName: 'openbsd', templateVersion: 3, labels: { team: 'infra' }, priority: 4, timeoutMs: 60_000 },
    ...{ onError: 'hold', contextId: 'c1', demand: { memoryMb: 512, diskMb: 2048 }, sensitive: ['password'] },
    ...{ createdAt: 500, notBefore: 0, cancelRequested: false, isSuspect: false, version: 2 },
  };
  const ran = { ...common, attempt: 2, attemptsLeft: 1, startedAt: 1000 };
  const ended = { ...ran, phase: 'publishing' };
  const broke = JSON.parse(fault) as unknown;
  const expected = {
    queued: { ...common, attempt: 0, attemptsLeft: 3 },
    running: { ...ran, phase: 'booting', slot: 0, isSuspect: true },
    held: { ...ran, phase: 'provisioning', slot: 1, fault: broke, hold: { until: 9000, ssh: 'ssh x' } },
    succeeded: { ...ended, endedAt: 5000 },
    failed: { ...ended, endedAt: 6000, fault: broke },
    cancelled: { ...ended, endedAt: 7000, fault: broke, cancelRequested: true },
  };
  for (const status of statuses) {
    const id = idOf(status);
    assert.deepEqual(await store.find(id), { id, status, ...expected[status] });
    assert.deepEqual((await store.input(id))?.variables, { release: '7.9' });
    assert.equal((await store.events(id, 0, 9)).length, 2);
    assert.equal((await store.steps(id)).length, status === 'queued' ? 0 : 2);
  }
  const paused = await store.find(idOf('paused'));
  assert.deepEqual([paused?.status, paused?.phase], ['cancelled', undefined]);
});

test('artifacts, keys, labels, templates, tokens and counts of an old store stay', async () => {
  await using old = await oldStore();
  await using store = await openStore({ file: old.file, migrations, clock: handClock(10_000) });
  assert.deepEqual(
    (await store.artifacts(idOf('succeeded'))).map(({ name, mediaType }) => [name, mediaType]),
    [['disk.qcow2', 'application/x-qemu-disk']],
  );
  assert.equal((await store.replay({ owner: 'alice', key: 'k', digest: 'd' }))?.id, idOf('failed'));
  assert.equal((await store.list({ labels: { team: 'infra' } }, { limit: 99 })).items.length, 7);
  assert.deepEqual(await store.counts(), { queued: 1, running: 1, held: 1, succeeded: 1, failed: 1, cancelled: 2 });
  assert.equal((await store.template('openbsd'))?.version, 3);
  assert.deepEqual(
    (await store.tokens()).map(({ id, hash: kept }) => [id, Buffer.from(kept).equals(hash)]),
    [['t1', true]],
  );
});

test('what an old daemon left running is settled, and the queue goes on', async () => {
  await using old = await oldStore();
  await using store = await openStore({ file: old.file, migrations, clock: handClock(10_000), host: 'here' });
  assert.deepEqual(await store.recover(), [idOf('held'), idOf('running')].toSorted());
  assert.equal((await store.find(idOf('held')))?.phase, 'provisioning');
  const [one, other] = [await claimed(store, 'a'), await store.suspect()];
  assert.deepEqual([one.build.id, one.build.host, other?.state], [idOf('queued'), 'here', 'waits']);
  assert.equal(await store.remove(idOf('failed')), true);
  assert.deepEqual(await store.events(idOf('failed'), 0, 9), []);
});

test('an upgrade loses no table, index or trigger, and leaves the database sound', async () => {
  await using old = await oldStore();
  await (await openStore({ file: old.file, migrations, clock: handClock() }))[Symbol.asyncDispose]();
  using raw = { db: new Sqlite(old.file), [Symbol.dispose]: () => void raw.db.close() };
  const schema = raw.db.prepare(`SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name`);
  const now = new Set(schema.all().map((object) => JSON.stringify(object)));
  assert.deepEqual(
    old.objects.filter((object) => !now.has(JSON.stringify(object))),
    [],
  );
  assert.equal(raw.db.pragma('integrity_check', { simple: true }), 'ok');
  assert.deepEqual(raw.db.pragma('foreign_key_check'), []);
});

test('a configuration of 0.1.0 still reads, each of its keys with its meaning', async () => {
  const file = new URL('../../test/fixtures/old/imaged-0.1.0.toml', import.meta.url);
  const config = parseConfig(await readFile(file, 'utf8'), fileURLToPath(file));
  assert.deepEqual(config.listen, { host: '127.0.0.1', port: 8080 });
  assert.deepEqual([config.workers, config.attempts, config.limits.hold], [2, 3, 1_800_000]);
  assert.deepEqual(config.media, { tiny: '/srv/tiny' });
  assert.equal(config.mirror.upstream, 'https://cdn.openbsd.org/pub/OpenBSD');
});
