import assert from 'node:assert/strict';
import { existsSync, renameSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { openLogFile, type LogFile } from '../src/queue/sqlite/log-file.ts';
import { makeWriter } from '../src/queue/sqlite/writer.ts';
import { systemClock } from '../src/base/clock.ts';
import { untilTrue } from './fixtures/until-true.ts';

const fail = (error: unknown): never => assert.fail(String(error));

/** A writer over a database of its own, whose log reaches the disk when the test says so. */
const workbench = async (busy?: Parameters<typeof makeWriter>[4]) => {
  const folder = await mkdtemp(join(tmpdir(), 'imaged-writer-'));
  const db = new Sqlite(join(folder, 'a.db'));
  db.pragma('journal_mode = WAL');
  db.exec('CREATE TABLE word (word TEXT)');
  const syncs: ((error: unknown) => void)[] = [];
  let syncedNow = 0;
  const log: LogFile = {
    sync: (done) => syncs.push(done),
    syncNow: () => {
      syncedNow++;
      return null;
    },
    close: () => undefined,
  };
  const said: string[] = [];
  const writer = makeWriter(db, log, (ids) => said.push(`told ${[...ids].join()}`), fail, busy);
  const insert = db.prepare('INSERT INTO word VALUES (?)');
  return {
    db,
    said,
    syncs,
    writer,
    syncedNow: () => syncedNow,
    write: (word: string, outlives: 'power' | 'process' = 'power') => {
      const work = () => {
        insert.run(word);
        writer.notes.touch(word);
      };
      writer.write(outlives, work).then(
        () => said.push(word),
        (error: unknown) => said.push(`${word}: ${error instanceof Error ? error.message : ''}`),
      );
    },
    [Symbol.asyncDispose]: async () => {
      db.close();
      await rm(folder, { recursive: true });
    },
  };
};

const turns = async () => {
  for (let n = 0; n < 5; n++) await turn();
};

test('a commit that is to outlive a loss of power is told of when it is on the disk, and what comes meanwhile shares the next', async () => {
  await using bench = await workbench();
  bench.write('a');
  await turns();
  for (const word of ['b', 'c']) bench.write(word);
  bench.write('d', 'process');
  await turns();
  assert.deepEqual([bench.said, bench.syncs.length, bench.writer.commits()], [[], 1, 1]);
  bench.syncs[0]?.(null);
  await turns();
  assert.deepEqual([bench.said, bench.syncs.length, bench.writer.commits()], [['told a', 'a'], 2, 2]);
  bench.syncs[1]?.(null);
  await turns();
  assert.deepEqual(bench.said.slice(2), ['told b,c,d', 'b', 'c', 'd']);
});

test('a commit that is to outlive the process alone is told of at once', async () => {
  await using bench = await workbench();
  bench.write('a', 'process');
  await turns();
  assert.deepEqual([bench.said, bench.syncs.length], [['told a', 'a'], 0]);
});

test('a log that does not reach the disk fails all that was written in it, and the next is tried again', async () => {
  await using bench = await workbench();
  for (const word of ['a', 'b']) bench.write(word);
  await turns();
  bench.syncs[0]?.(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO', syscall: 'fdatasync' }));
  await turns();
  assert.match(bench.said.join('\n'), /^told a,b\na: The store .* could not be used: EIO: .*\nb: The store .*EIO/);
  bench.write('c');
  await turns();
  bench.syncs[1]?.(null);
  await turns();
  assert.deepEqual(bench.said.slice(3), ['told c', 'c']);
});

test('closing puts on the disk what is on its way and what waits, and says so once', async () => {
  await using bench = await workbench();
  bench.write('a');
  await turns();
  bench.write('b');
  bench.writer.close();
  assert.equal(bench.syncedNow(), 1);
  bench.syncs[0]?.(null);
  await turns();
  assert.deepEqual(bench.said, ['told a', 'told b', 'a', 'b']);
  assert.equal(bench.db.prepare('SELECT count(*) FROM word').pluck().get(), 2);
});

test('the log is found again when SQLite has made another, and one that is gone is an error', async () => {
  await using bench = await workbench();
  const path = `${bench.db.name}-wal`;
  const log = openLogFile(bench.db);
  const sync = () => new Promise<unknown>((resolve) => log.sync(resolve));
  assert.equal(await sync(), null);
  renameSync(path, `${path}.old`);
  assert.match(String(await sync()), /ENOENT/);
  assert.match(String(log.syncNow()), /ENOENT/);
  const other = new Sqlite(join(bench.db.name, '../b.db'));
  other.pragma('journal_mode = WAL');
  other.exec('CREATE TABLE word (word TEXT)');
  renameSync(`${other.name}-wal`, path);
  assert.ok(existsSync(path) && statSync(path).size > 0);
  assert.deepEqual([await sync(), log.syncNow()], [null, null]);
  log.close();
  log.close();
  other.close();
});

/** Another program that has the database. */
const lock = (file: string) => {
  const other = new Sqlite(file);
  other.exec('BEGIN EXCLUSIVE');
  return () => other.close();
};

test('while another program has the database, what comes waits and the loop goes on; then all of it is written in its order', async () => {
  await using bench = await workbench();
  bench.db.pragma('busy_timeout = 5');
  const unlock = lock(bench.db.name);
  const startedAt = performance.now();
  for (let n = 0; n < 50; n++) bench.write(String(n), 'process');
  await turns();
  await systemClock.sleep(50, new AbortController().signal);
  bench.write('50', 'process');
  assert.ok(performance.now() - startedAt < 1000, 'the loop was stopped');
  assert.equal(bench.said.length, 0);
  unlock();
  await untilTrue(() => bench.said.includes('50'));
  assert.deepEqual(
    bench.said.filter((word) => !word.startsWith('told')),
    Array.from({ length: 51 }, (_, n) => String(n)),
  );
});

test('what waits for longer than it may is refused, each that comes then at once, and all is well again without the other program', async () => {
  await using bench = await workbench({ withinMs: 60, pauseMs: 5 });
  bench.db.pragma('busy_timeout = 5');
  const unlock = lock(bench.db.name);
  for (const word of ['a', 'b']) bench.write(word, 'process');
  await untilTrue(() => bench.said.length === 2);
  assert.match(bench.said.join('\n'), /^a: The store .* is locked.*\nb: The store .* is locked/);
  bench.said.splice(0);
  bench.write('c', 'process');
  await turns();
  assert.match(bench.said.join(), /^c: .*locked/);
  unlock();
  bench.said.splice(0);
  bench.write('d', 'process');
  await turns();
  assert.deepEqual(bench.said, ['told d', 'd']);
});

test('a store that closes while another program has the database refuses what waits', async () => {
  await using bench = await workbench();
  bench.db.pragma('busy_timeout = 5');
  const unlock = lock(bench.db.name);
  bench.write('a', 'process');
  await turns();
  bench.writer.close();
  await turns();
  assert.match(bench.said.join(), /^a: The store .* is locked/);
  unlock();
});
