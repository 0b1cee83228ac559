import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, readdir, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Sqlite from 'better-sqlite3';
import { Fault } from '../src/base/fault.ts';
import { openStore } from '../src/queue/sqlite/open-store.ts';
import { storeFault } from '../src/queue/sqlite/store-fault.ts';
import { aBuild, aFault, claimed, failsAs, migrations, storeShop } from './store-shop.ts';
import type { Shop } from './store-shop.ts';

const beside = ({ file, clock }: Shop) => openStore({ file, migrations, clock, shared: true });

test('a second daemon on the same store is refused at once, in this process and in another', async () => {
  await using shop = await storeShop();
  await assert.rejects(openStore({ file: shop.file, migrations, clock: shop.clock }), failsAs('store_unavailable'));
  const child = fileURLToPath(new URL('store-child.js', import.meta.url));
  const second = spawn(process.execPath, [child, shop.file], { stdio: 'ignore', timeout: 20_000 });
  const [code] = (await once(second, 'exit')) as [number | null];
  assert.equal(code, 1);
  await shop.store.check();
});

test('a token that is added or revoked beside the running daemon counts at once', async () => {
  await using shop = await storeShop();
  await using other = await beside(shop);
  const hash = Buffer.alloc(32, 7);
  const token = await other.addToken({ id: 't1', name: 'ci', scopes: ['builds:write'], hash });
  const [seen] = await shop.store.tokens();
  assert.deepEqual({ ...token, hash }, { ...seen, hash: Buffer.from(seen?.hash ?? []) });
  shop.clock.time += 5;
  const revoked = await other.revokeToken('t1');
  assert.equal(revoked?.revokedAt, shop.clock.time);
  shop.clock.time += 5;
  assert.deepEqual(await other.revokeToken('t1'), revoked, 'it was revoked when it was first revoked');
  assert.equal((await shop.store.tokens())[0]?.revokedAt, revoked?.revokedAt);
  assert.equal(await other.revokeToken('t2'), undefined);
});

test('tokens can be added before any daemon has run, and the lock is free again afterwards', async () => {
  await using shop = await storeShop();
  await shop.store[Symbol.asyncDispose]();
  await using other = await beside(shop);
  await other.addToken({ id: 't1', name: 'ci', scopes: ['admin'], hash: Buffer.alloc(32) });
  const daemon = await shop.reopen();
  assert.equal((await daemon.tokens()).length, 1);
});

test('a database that lies elsewhere, behind a link, is opened and written as one that does not', async () => {
  await using shop = await storeShop();
  await shop.store[Symbol.asyncDispose]();
  const elsewhere = join(dirname(shop.file), 'elsewhere');
  await mkdir(elsewhere);
  await rename(shop.file, join(elsewhere, 'moved.db'));
  await symlink(join(elsewhere, 'moved.db'), shop.file);
  const { build } = await (await shop.reopen()).add(aBuild());
  assert.equal((await shop.store.find(build.id))?.status, 'queued');
  assert.ok((await readdir(elsewhere)).includes('moved.db-wal'));
});

test('the store is for its owner alone', async () => {
  await using shop = await storeShop();
  await shop.store.add(aBuild());
  for (const name of await readdir(shop.folder))
    assert.equal((await stat(join(shop.folder, name))).mode & 0o077, 0, name);
});

test('the value of a sensitive variable is in no file of the store once its build has ended', async () => {
  await using shop = await storeShop();
  const secret = 'hunter2-hunter2-hunter2';
  const holders = async (text: string) => {
    const names = await readdir(shop.folder);
    const bytes = await Promise.all(names.map((name) => readFile(join(shop.folder, name))));
    return names.filter((_, at) => bytes[at]?.includes(text));
  };
  const encrypted = () => {
    using raw = { db: new Sqlite(shop.file, { readonly: true }), [Symbol.dispose]: () => void raw.db.close() };
    return raw.db.prepare<[], string>('SELECT variables FROM build_input').pluck().get()?.slice(15, 200) ?? '';
  };
  // Of every type, for what is kept stays what it was.
  const kept = {
    release: '7.9',
    count: 2,
    ratio: 1.5,
    fast: true,
    slow: false,
    sets: ['a', 1, true],
    users: { 'x.y': 'z' },
  };
  // One value that fits in a page, one that overflows into others.
  const variables = { password: secret, keys: secret.repeat(1000), ...kept };
  const asked = aBuild({ variables, sensitive: ['password', 'keys'] });
  await shop.store.add(asked);
  const before = encrypted();
  assert.deepEqual(await holders(secret), []);
  assert.notDeepEqual(await holders(before), []);
  const { input, token } = await claimed(shop.store);
  assert.deepEqual(input.variables, variables);
  await shop.store.finish(asked.id, token, { status: 'failed', fault: aFault('guest_panicked') });
  assert.deepEqual((await shop.store.input(asked.id))?.variables, kept);
  for (const text of [secret, before]) assert.deepEqual(await holders(text), []);
});

test('a value that a reader in the way kept in the log is forgotten with the next write', async () => {
  await using shop = await storeShop();
  const secret = 'hunter2-hunter2-hunter2';
  const asked = aBuild({ variables: { password: secret }, sensitive: ['password'] });
  await shop.store.add(asked);
  const reader = new Sqlite(shop.file);
  const encrypted = reader.prepare<[], string>('SELECT variables FROM build_input').pluck().get() ?? '';
  reader.exec('BEGIN; SELECT * FROM build');
  await shop.store.cancel(asked.id);
  const log = () => readFile(`${shop.file}-wal`);
  assert.ok((await log()).includes(encrypted));
  reader.close();
  await shop.store.check();
  for (const text of [secret, encrypted]) assert.ok(!(await log()).includes(text));
});

test('a file that is no database, and one with a spoilt page, are told from a healthy one', async () => {
  await using shop = await storeShop();
  for (let n = 0; n < 50; n++) await shop.store.add(aBuild());
  await shop.store[Symbol.asyncDispose]();
  const { size } = await stat(shop.file);
  await using pages = await open(shop.file, 'r+');
  await pages.write(Buffer.alloc(4096, 0xa5), 0, 4096, size - 4096);
  const spoilt = await openStore({ file: shop.file, migrations, clock: shop.clock });
  await assert.rejects(spoilt.check({ everyPage: true }), failsAs('store_unavailable'));
  await spoilt[Symbol.asyncDispose]();
  await writeFile(shop.file, 'not a database, not at all'.repeat(100));
  await assert.rejects(
    openStore({ file: shop.file, migrations, clock: shop.clock }),
    (error) => error instanceof Fault && error.code === 'store_unavailable' && error.cause instanceof Error,
  );
});

test('a closed store says so', async () => {
  await using shop = await storeShop();
  const closed = shop.store;
  const last = closed.add(aBuild());
  await shop.reopen();
  assert.equal((await shop.store.find((await last).build.id))?.status, 'queued', 'what was on its way was written');
  await assert.rejects(closed.check(), failsAs('store_unavailable'));
  await assert.rejects(closed.counts(), failsAs('store_unavailable'));
});

test('a full database is storage_full, and what it could not hold is not there', () => {
  const db = new Sqlite(':memory:');
  db.exec('CREATE TABLE some (a TEXT); PRAGMA max_page_count = 4');
  const insert = () => db.prepare('INSERT INTO some VALUES (?)').run('x'.repeat(100_000));
  assert.throws(() => {
    try {
      insert();
    } catch (error) {
      throw storeFault(error, 'some.db');
    }
  }, failsAs('storage_full'));
  db.close();
  const defect = new TypeError('not the disk');
  assert.equal(storeFault(defect, 'some.db'), defect);
});

test('on a full disk a large build is refused, the small ones beside it are taken, and all works again with space', async (t) => {
  const run = promisify(execFile);
  await using shop = await storeShop();
  await shop.store[Symbol.asyncDispose]();
  const isMounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'imaged-test', shop.folder]).then(
    () => true,
    () => false,
  );
  if (!isMounted) return t.skip('a small disk needs the right to mount one');
  await using unmount = { [Symbol.asyncDispose]: async () => void (await run('umount', ['-l', shop.folder])) };
  assert.ok(unmount);
  await using store = await openStore({ file: shop.file, migrations, clock: shop.clock });
  const large = () => aBuild({ variables: { blob: 'x'.repeat(4_000_000) } });
  const outcomes = await Promise.allSettled([store.add(aBuild()), store.add(large()), store.add(aBuild())]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.ok(outcomes[1]?.status === 'rejected' && failsAs('storage_full')(outcomes[1].reason));
  assert.equal((await store.counts()).queued, 2);

  await run('mount', ['-o', 'remount,size=32m', shop.folder]);
  await store.add(large());
  assert.equal((await store.counts()).queued, 3);
});
