/** What an earlier imaged wrote: its store, as its own migrations made it, and its configuration. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { Status } from '../src/base/records/status.ts';
import { parseConfig } from '../src/config/config.ts';
import { openStore } from '../src/queue/sqlite/open-store.ts';
import { fault, hash, idOf, makeOldStore } from './old-store.ts';
import { claimed, handClock, migrations } from './store-shop.ts';

/** A store that 0.1.0 has filled, in a folder of its own; its file. */
const oldStore = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imaged-upgrade-'));
  const file = join(folder, 'imaged.db');
  return { file, objects: makeOldStore(file), [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
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
  for (const status of Status.options) {
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

test('the row that the store reads a build from has the columns of its table', async () => {
  await using old = await oldStore();
  await (await openStore({ file: old.file, migrations, clock: handClock() }))[Symbol.asyncDispose]();
  using raw = { db: new Sqlite(old.file), [Symbol.dispose]: () => void raw.db.close() };
  const columns = raw.db.prepare<[], { name: string }>(`SELECT name FROM pragma_table_info('build')`).all();
  const source = await readFile(new URL('../../src/queue/sqlite/rows.ts', import.meta.url), 'utf8');
  const [, type = ''] = /type BuildRow = \{(.*?)\n\};/s.exec(source) ?? [];
  // Those that only the statements of one file read.
  const elsewhere = ['first_context_id', 'going'];
  const read = [...elsewhere, ...Array.from(type.matchAll(/readonly (\w+):/g), ([, name = '']) => name)];
  assert.deepEqual(columns.map(({ name }) => name).toSorted(), read.toSorted(), 'src/queue/sqlite/rows.ts');
});

test('a configuration of 0.1.0 still reads, each of its keys with its meaning', async () => {
  const file = new URL('../../test/fixtures/old/imaged-0.1.0.toml', import.meta.url);
  const config = parseConfig(await readFile(file, 'utf8'), fileURLToPath(file));
  assert.deepEqual(config.listen, { host: '127.0.0.1', port: 8080 });
  assert.deepEqual([config.workers, config.attempts, config.limits.hold], [2, 3, 1_800_000]);
  assert.deepEqual(config.media, { tiny: '/srv/tiny' });
  assert.equal(config.mirror.upstream, 'https://cdn.openbsd.org/pub/OpenBSD');
});
