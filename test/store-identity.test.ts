import assert from 'node:assert/strict';
import { copyFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import Sqlite from 'better-sqlite3';
import { migrate, readMigrations } from '../src/queue/sqlite/migrate.ts';
import { openStore } from '../src/queue/sqlite/open-store.ts';
import { whyForeign } from '../src/queue/sqlite/store-identity.ts';
import type { SeenStore, StorePlace } from '../src/queue/sqlite/store-identity.ts';
import { aBuild, failsAs, migrations, nobody, storeShop } from './store-shop.ts';
import type { Shop } from './store-shop.ts';

const placeIn = (folder: string, builds: readonly string[] = [], contexts: readonly string[] = []): StorePlace => ({
  idFile: join(folder, 'store-id'),
  ...{ buildsFolder: join(folder, 'builds'), builds },
  ...{ contextsFolder: join(folder, 'contexts'), contexts },
});

test('a database is refused when nothing tells that what lies beside it is its own', () => {
  const judge = (seen: Partial<SeenStore>, builds: number, contexts = 0): 'used' | 'refused' => {
    const known = { isNew: false, id: 'a', idBeside: 'a', knowsOne: false, ...seen };
    const place = placeIn('/d', Array.from({ length: builds }, String), Array.from({ length: contexts }, String));
    return whyForeign(known, place) === undefined ? 'used' : 'refused';
  };
  const fresh = { isNew: true, id: undefined, idBeside: undefined };
  assert.equal(judge(fresh, 0), 'used');
  assert.equal(judge(fresh, 1), 'refused');
  assert.equal(judge(fresh, 0, 1), 'refused');
  assert.equal(judge({ ...fresh, idBeside: 'a' }, 1), 'refused');
  const before = { id: undefined, idBeside: undefined };
  assert.equal(judge({ ...before, knowsOne: true }, 2), 'used', 'an upgrade');
  assert.equal(judge(before, 0, 5), 'used', 'an upgrade with no builds left');
  assert.equal(judge({}, 0), 'used', 'all builds were pruned');
  assert.equal(judge({}, 2), 'used', 'a backup that is older than all builds');
  assert.equal(judge({ idBeside: 'b' }, 2), 'refused', 'of another data_dir');
  assert.equal(judge({ idBeside: 'b', knowsOne: true }, 2), 'used', 'moved here with its builds');
  assert.equal(judge({ idBeside: undefined }, 2), 'refused', 'made anew by imaged token');
});

/** A store with one build, closed; gives what opens it beside these builds. */
const withBuild = async (shop: Shop) => {
  const { build } = await shop.store.add(aBuild());
  await shop.store[Symbol.asyncDispose]();
  const open = async (builds: readonly string[] = [build.id], shared = false) => {
    const place = placeIn(shop.folder, builds);
    await using store = await openStore({ file: shop.file, migrations, clock: shop.clock, place, shared });
    return (await store.counts()).queued;
  };
  return { id: build.id, open };
};

const removeDatabase = async ({ file }: Shop) => {
  for (const end of ['', '-wal', '-shm']) await rm(`${file}${end}`, { force: true });
};

test('a database that was deleted, emptied or replaced by a new one is refused beside its builds, and not made', async () => {
  await using shop = await storeShop();
  const { open } = await withBuild(shop);
  assert.equal(await open(), 1);
  const refused = failsAs('store_unavailable');
  await truncate(shop.file, 0);
  await assert.rejects(open(), refused);
  await removeDatabase(shop);
  for (const shared of [true, false]) await assert.rejects(open(undefined, shared), refused);
  await assert.rejects(readFile(shop.file), { code: 'ENOENT' });
  await (await openStore({ file: shop.file, migrations, clock: shop.clock }))[Symbol.asyncDispose]();
  await assert.rejects(open(), refused);
  assert.equal(await open([]), 0, 'the builds were moved away');
});

test('an older backup is taken back, also one from before databases had an id, and one of elsewhere is not', async () => {
  await using shop = await storeShop();
  const backup = join(shop.folder, 'backup.db');
  const { id, open } = await withBuild(shop);
  assert.equal(await open(), 1);
  await copyFile(shop.file, backup);
  const restore = async () => {
    await removeDatabase(shop);
    await copyFile(backup, shop.file);
  };
  await restore();
  assert.equal(await open([nobody]), 1, 'none of the builds that are there is in the backup');
  await writeFile(join(shop.folder, 'store-id'), `${'0'.repeat(32)}\n`);
  await assert.rejects(open([nobody]), failsAs('store_unavailable'));
  assert.equal(await open([nobody, id]), 1, 'it knows one of them');
  assert.equal(await open([nobody]), 1, 'and is the one of this place from then on');
});

test('the store of the version before is taken over with its builds, and has an id afterwards', async () => {
  await using shop = await storeShop();
  await shop.store[Symbol.asyncDispose]();
  await removeDatabase(shop);
  const id = aBuild().id;
  const old = new Sqlite(shop.file);
  migrate(old, readMigrations(migrations).slice(0, 1));
  old
    .prepare(
      `INSERT INTO build (id, template_name, labels, priority, timeout_ms, on_error, memory_mb, disk_mb, sensitive,
                          attempts_left, created_at)
       VALUES (?, 't', '{}', 0, 1, 'hold', 1, 1, '[]', 3, 1)`,
    )
    .run(id);
  old.close();
  const open = (builds: readonly string[]) =>
    openStore({ file: shop.file, migrations, clock: shop.clock, place: placeIn(shop.folder, builds) });
  await (await open([nobody, id]))[Symbol.asyncDispose]();
  assert.match(await readFile(join(shop.folder, 'store-id'), 'utf8'), /^[0-9a-f]{32}\n$/);
  await (await open([nobody]))[Symbol.asyncDispose]();
});
