import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Sqlite from 'better-sqlite3';
import { Fault } from '../src/base/fault.ts';
import { makeCipher, newKey } from '../src/base/cipher/cipher.ts';
import { rotateStore } from '../src/queue/sqlite/encryption/rotate.ts';
import { openStore } from '../src/queue/sqlite/open-store.ts';
import { makeOldStore } from './old-store.ts';
import { aBuild, handClock, migrations, storeShop } from './store-shop.ts';

const secret = 'correct-horse-battery-staple';

const says = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof Fault && error.code === code && words.test(error.message);

/** The files of a folder in which the text stands. */
const holders = async (folder: string, text: string): Promise<readonly string[]> => {
  const names = await readdir(folder);
  const bytes = await Promise.all(names.map((name) => readFile(join(folder, name))));
  return names.filter((_, at) => bytes[at]?.includes(text));
};

const document = { name: 'tiny', variables: { password: { default: secret, sensitive: true } } };

test('a text is decrypted with its key at its place alone, and twice the same text is encrypted as two', () => {
  const [cipher, other] = [makeCipher(newKey()), makeCipher(newKey())];
  const one = cipher.encrypt('grün', 'here');
  assert.notEqual(one, cipher.encrypt('grün', 'here'));
  assert.equal(cipher.decrypt(one, 'here'), 'grün');
  assert.throws(() => cipher.decrypt(one, 'there'));
  assert.throws(() => other.decrypt(one, 'here'));
  const last = one.at(-3) === 'A' ? 'B' : 'A';
  assert.throws(() => cipher.decrypt(`${one.slice(0, -3)}${last}${one.slice(-2)}`, 'here'));
});

test('variables and templates are in no file of the store, and are read again after a restart', async () => {
  await using shop = await storeShop();
  const build = aBuild({ template: document, variables: { password: secret }, sensitive: ['password'] });
  await shop.store.add(build, { owner: 'o', key: 'k', digest: 'd'.repeat(64) });
  await shop.store.putTemplate('tiny', document, 'x');
  assert.deepEqual(await holders(shop.folder, secret), []);
  assert.deepEqual(await holders(shop.folder, 'd'.repeat(64)), []);
  const again = await shop.reopen();
  assert.deepEqual((await again.input(build.id))?.variables, { password: secret });
  assert.deepEqual((await again.input(build.id))?.template, document);
  assert.deepEqual((await again.template('tiny'))?.document, document);
  assert.equal((await again.replay({ owner: 'o', key: 'k', digest: 'd'.repeat(64) }))?.id, build.id);
});

test('a value that was moved to another row is refused there', async () => {
  await using shop = await storeShop();
  const [one, other] = [aBuild({ variables: { a: 'one' } }), aBuild({ variables: { a: 'other' } })];
  for (const build of [one, other]) await shop.store.add(build);
  const db = new Sqlite(shop.file);
  db.prepare('UPDATE build_input SET variables = (SELECT variables FROM build_input WHERE build_id = ?) WHERE build_id = ?').run(one.id, other.id); // prettier-ignore
  db.close();
  assert.deepEqual((await shop.store.input(one.id))?.variables, { a: 'one' });
  await assert.rejects(shop.store.input(other.id), says('store_unavailable', /cannot be decrypted/));
});

test('the store of the version before is encrypted at the first start, and nothing of it is left in plain', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imaged-encrypt-'));
  try {
    const file = join(folder, 'imaged.db');
    makeOldStore(file);
    const old = new Sqlite(file);
    old.pragma('journal_mode = WAL');
    old.prepare('UPDATE build_input SET variables = ?').run(JSON.stringify({ password: secret.repeat(400) }));
    old.exec('DROP TRIGGER template_version_never_changes');
    old.prepare('UPDATE template_version SET document = ?').run(JSON.stringify(document));
    old.exec(
      "CREATE TRIGGER template_version_never_changes BEFORE UPDATE ON template_version BEGIN SELECT RAISE(ABORT, 'a version of a template never changes'); END",
    );
    const [id = ''] = old.prepare<[], string>('SELECT build_id FROM build_input').pluck().all();
    old.close();
    assert.notDeepEqual(await holders(folder, secret), []);
    await using store = await openStore({ file, migrations, clock: handClock() });
    assert.deepEqual(await holders(folder, secret), []);
    assert.deepEqual((await store.input(id))?.variables, { password: secret.repeat(400) });
    assert.deepEqual((await store.template('openbsd'))?.document, document);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a key file that is lost, another, readable by others or spoilt keeps the store closed, and says what to do', async () => {
  await using shop = await storeShop();
  const build = aBuild({ variables: { a: 'b' } });
  await shop.store.add(build);
  await shop.store[Symbol.asyncDispose]();
  const keyFile = `${shop.file}.key`;
  const open = () => openStore({ file: shop.file, migrations, clock: shop.clock });
  assert.equal((await stat(keyFile)).mode & 0o777, 0o600);

  await rename(keyFile, `${keyFile}.copy`);
  await assert.rejects(open(), says('store_unavailable', /key file .* is missing, .* Restore it from its copy/));
  await assert.rejects(stat(keyFile), 'no other is made in its place');

  await writeFile(keyFile, `${Buffer.alloc(32, 1).toString('base64')}\n`, { mode: 0o600 });
  await assert.rejects(open(), says('store_unavailable', /has the key .* is encrypted with the key .* Restore it/));

  await writeFile(keyFile, 'half a ke');
  await assert.rejects(open(), says('configuration_invalid', /is no key file/));

  await rename(`${keyFile}.copy`, keyFile);
  await chmod(keyFile, 0o640);
  await assert.rejects(open(), says('configuration_invalid', /has mode 0640, .* chmod 600/));

  await chmod(keyFile, 0o600);
  await using store = await open();
  assert.deepEqual((await store.input(build.id))?.variables, { a: 'b' });
});

test('with a new key everything is read as before, the old one opens nothing, and a crash on the way loses nothing', async () => {
  await using shop = await storeShop();
  const build = aBuild({ template: document, variables: { password: secret } });
  await shop.store.add(build, { owner: 'o', key: 'k', digest: 'd' });
  await shop.store.putTemplate('tiny', document, 'x');
  const keyFile = `${shop.file}.key`;
  const old = await readFile(keyFile, 'utf8');
  const rotate = () => rotateStore({ file: shop.file, migrations, keyFile, place: undefined });
  assert.throws(rotate, says('store_unavailable', /is in use/));
  await shop.store[Symbol.asyncDispose]();
  const { before, now } = rotate();
  assert.notEqual(before, now);
  assert.deepEqual(await holders(shop.folder, before), []);
  const fresh = await readFile(keyFile, 'utf8');
  // As it stands between the steps of a rotation.
  await writeFile(keyFile, `${old}${fresh}`);
  const store = await shop.reopen();
  assert.deepEqual((await store.input(build.id))?.template, document);
  assert.deepEqual((await store.template('tiny'))?.document, document);
  assert.equal((await store.replay({ owner: 'o', key: 'k', digest: 'd' }))?.id, build.id);
  await store[Symbol.asyncDispose]();
  await writeFile(keyFile, old);
  await assert.rejects(openStore({ file: shop.file, migrations, clock: shop.clock }), says('store_unavailable', /key/));
});
