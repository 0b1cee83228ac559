import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Sqlite from 'better-sqlite3';
import { keepCheckpointed, mostPages } from '../src/queue/checkpoints.ts';

test('the log is copied into the database in a quiet moment, and not while commits come', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imaged-checkpoints-'));
  const file = join(folder, 'store.db');
  const db = new Sqlite(file);
  try {
    db.pragma('journal_mode = WAL');
    db.pragma(`wal_autocheckpoint = ${mostPages}`);
    db.exec('CREATE TABLE t (text TEXT)');
    const insert = db.prepare('INSERT INTO t VALUES (?)');
    let commits = 0;
    let tick: () => void = () => undefined;
    const clock = {
      every: (_ms: number, act: () => void) => {
        tick = act;
        return { [Symbol.dispose]: () => undefined };
      },
    };
    using _kept = keepCheckpointed(
      db,
      clock,
      () => commits,
      (error) => assert.fail(String(error)),
    );
    const commit = () => {
      insert.run('x'.repeat(10_000));
      commits++;
    };

    const before = (await stat(file)).size;
    // Far beyond the 1,000 pages at which SQLite would have copied by itself.
    for (let round = 0; round < 10; round++) {
      for (let row = 0; row < 100; row++) commit();
      tick();
    }
    assert.equal((await stat(file)).size, before, 'it was copied while commits came');
    tick();
    assert.ok((await stat(file)).size > 9_000_000, 'it was not copied in the quiet moment');
  } finally {
    db.close();
    await rm(folder, { recursive: true });
  }
});
