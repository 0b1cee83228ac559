import assert from 'node:assert/strict';
import { mkdir, open, readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { test } from 'node:test';
import { cleanupStack } from '../src/base/cleanup.ts';
import { runProgram } from '../src/base/program.ts';
import { deferred } from '../src/base/waiting.ts';
import { good, mirrorShop, sets, sha256 } from './mirror-shop.ts';

const base = sets['base79.tgz'] ?? assert.fail();
const path = '7.9/amd64/base79.tgz';
const digest = sha256(base);

/** Flips one bit of a file in place and sets its mtime back, as a failing disk or a careful hand would. */
const damage = async (file: string) => {
  const { atime, mtime } = await stat(file);
  {
    await using handle = await open(file, 'r+');
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, 777_777);
    await handle.write(Buffer.of(byte.readUInt8() ^ 1), 0, 1, 777_777);
  }
  await utimes(file, atime, mtime);
};

test('a flipped bit in a cached file is seen, told with both digests, and the file fetched again', async () => {
  await using shop = await mirrorShop();
  const mirror = await shop.open();
  const machine = await shop.serve(mirror);
  await machine.get(path);
  await damage(shop.cached(digest));
  assert.ok((await machine.get(path)).body.equals(base));
  assert.equal(shop.upstream.askedFor(path), 2);
  assert.match(
    shop.warnings[0] ?? '',
    new RegExp(`damaged and was deleted .*"expected":"${digest}","saw":"[0-9a-f]{64}"`),
  );
  // Also by the next run of the daemon, which has only the stamp beside the file to go by.
  await mirror[Symbol.asyncDispose]();
  await damage(shop.cached(digest));
  const next = await shop.serve(await shop.open());
  assert.ok((await next.get(path)).body.equals(base));
  assert.equal(shop.upstream.askedFor(path), 3);
});

test('a cached file whose upstream is down and which is damaged is not served', async () => {
  await using shop = await mirrorShop();
  const machine = await shop.serve(await shop.open());
  await machine.get(path);
  await damage(shop.cached(digest));
  await shop.upstream[Symbol.asyncDispose]();
  assert.equal((await machine.get(path)).status, 503);
  assert.equal(machine.refused[0]?.code, 'mirror_unavailable');
});

test('a restart serves what is in the cache without asking for it again, with or without its stamp', async () => {
  await using shop = await mirrorShop();
  const mirror = await shop.open();
  await (await shop.serve(mirror)).get(path);
  await mirror[Symbol.asyncDispose]();
  const stamp = await readFile(`${shop.cached(digest)}.json`, 'utf8');
  const next = await shop.serve(await shop.open());
  assert.ok((await next.get(path)).body.equals(base));
  await truncate(`${shop.cached(digest)}.json`, 5);
  const third = await shop.serve(await shop.open());
  assert.ok((await third.get(path)).body.equals(base));
  assert.equal(await readFile(`${shop.cached(digest)}.json`, 'utf8'), stamp);
  assert.equal(shop.upstream.askedFor(path), 1);
});

test('what was used longest ago is thrown out for what is new, and never what is being served', async () => {
  await using shop = await mirrorShop();
  const names = ['a.tgz', 'b.tgz', 'c.tgz', 'd.tgz'] as const;
  const files = Object.fromEntries(names.map((name, nth) => [name, Buffer.alloc(1_000_000, nth + 1)]));
  await shop.put('7.9/arm64', files);
  const machine = await shop.serve(await shop.open({ cacheBytes: 3_100_000 }));
  const isCached = async (name: string) =>
    stat(shop.cached(sha256(files[name] ?? assert.fail()))).then(
      () => true,
      () => false,
    );
  for (const name of ['a.tgz', 'b.tgz', 'c.tgz', 'a.tgz']) {
    shop.pass(1000);
    assert.equal((await machine.get(`7.9/arm64/${name}`)).status, 200);
  }
  // A slow reader of b, the oldest by now: it takes its reply's first bytes and no more.
  const slow = connect(machine.path);
  const begun = deferred<void>();
  slow.once('data', () => {
    slow.pause();
    begun.resolve();
  });
  slow.write('GET /pub/OpenBSD/7.9/arm64/b.tgz HTTP/1.0\r\n\r\n');
  await begun.promise;
  for (const name of ['a.tgz', 'c.tgz']) {
    shop.pass(1000);
    await machine.get(`7.9/arm64/${name}`);
  }
  shop.pass(1000);
  await machine.get('7.9/arm64/d.tgz');
  assert.deepEqual(await Promise.all(names.map(isCached)), [false, true, true, true]);
  slow.destroy();
  const tooLarge = { 'huge.tgz': Buffer.alloc(3_200_000) };
  await shop.put('7.9/i386', tooLarge);
  assert.equal((await machine.get('7.9/i386/huge.tgz')).status, 507);
  assert.match(
    machine.refused[0]?.why ?? '',
    /3200000 bytes does not fit .* of 3100000 bytes\. Raise \[mirror\] cache_size/,
  );
});

test('leftovers of a killed run are swept, and a part that can be gone on with is not', async () => {
  await using shop = await mirrorShop();
  await (await shop.open())[Symbol.asyncDispose]();
  const folder = `${shop.folder}/cache/files`;
  const [one, other, third] = [digest, sha256(Buffer.from('other')), sha256(Buffer.from('third'))];
  await writeFile(`${folder}/${one}.part`, base.subarray(0, 600_000));
  const etag = `"${digest.slice(0, 16)}"`;
  await writeFile(`${folder}/${one}.part.json`, JSON.stringify({ length: base.length, etag }));
  await writeFile(`${folder}/${other}.part`, 'nobody knows of what');
  await writeFile(`${folder}/${other}.json`, '{}');
  await writeFile(`${folder}/${third}.part.json`, '{}');
  await writeFile(`${folder}/${third}.json.new`, '{');
  await writeFile(`${folder}/notes`, 'of somebody else');
  const machine = await shop.serve(await shop.open());
  assert.deepEqual((await readdir(folder)).toSorted(), [`${one}.part`, `${one}.part.json`, 'notes'].toSorted());
  assert.ok((await machine.get(path)).body.equals(base));
  assert.deepEqual(
    shop.upstream.asked.filter((each) => each.path === path).map(({ range }) => range),
    ['bytes=600000-'],
  );
  assert.deepEqual((await readdir(folder)).toSorted(), [one, `${one}.json`, 'notes'].toSorted());
});

test('a part that was damaged meanwhile is found out at the end, and the file fetched whole', async () => {
  await using shop = await mirrorShop();
  await (await shop.open())[Symbol.asyncDispose]();
  const part = `${shop.cached(digest)}.part`;
  const wrong = Buffer.from(base.subarray(0, 600_000));
  wrong.writeUInt8(wrong.readUInt8(9) ^ 1, 9);
  await writeFile(part, wrong);
  await writeFile(`${part}.json`, JSON.stringify({ length: base.length, etag: `"${digest.slice(0, 16)}"` }));
  const machine = await shop.serve(await shop.open());
  // Whoever was sent bytes of the damaged part is cut off before the end of it.
  await machine.get(path).then(
    ({ body }) => assert.ok(body.equals(base)),
    () => undefined,
  );
  assert.ok((await machine.get(path)).body.equals(base));
  const ranges = shop.upstream.asked.filter((each) => each.path === path).map(({ range }) => range);
  assert.deepEqual(ranges.slice(0, 2), ['bytes=600000-', undefined]);
});

test('a full disk of the host is told as storage_full, and the next one may try again', async (t) => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return t.skip('only root can mount a small disk');
  await using shop = await mirrorShop();
  const small = `${shop.folder}/cache`;
  await mkdir(small);
  const { signal } = new AbortController();
  await runProgram('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small], { signal });
  await using left = cleanupStack();
  left.defer(async () => void (await runProgram('umount', ['-l', small], { signal })));
  const machine = await shop.serve(await shop.open());
  await assert.rejects(machine.get(path));
  await machine.untilTold(1);
  assert.equal(machine.refused[0]?.code, 'storage_full');
  assert.match(machine.refused[0]?.why ?? '', /The disk is full: ENOSPC.* Free some space, then try again/);
  assert.equal(shop.upstream.askedFor(path), 1, 'asking upstream again would not help');
  await runProgram('mount', ['-o', 'remount,size=16m', small], { signal });
  assert.ok((await machine.get(path)).body.equals(base));
});

test('no more downloads go on at once than there may, and the others have their turn', async () => {
  await using shop = await mirrorShop();
  const names = ['a.tgz', 'b.tgz', 'c.tgz', 'd.tgz', 'e.tgz'];
  const files = Object.fromEntries(names.map((name, nth) => [name, Buffer.alloc(200_000, nth + 1)]));
  await shop.put('7.9/arm64', files);
  let total = 0;
  let most = 0;
  const waiting: (() => void)[] = [];
  for (const name of names)
    shop.upstream.behave.set(`7.9/arm64/${name}`, (...all) => {
      waiting.push(() => good(...all));
      most = Math.max(most, waiting.length);
      // Two at a time are answered together, and the fifth alone.
      if (++total === names.length || waiting.length === 2) waiting.splice(0).forEach((answer) => answer());
    });
  const machine = await shop.serve(await shop.open({ limits: { downloads: 2 } }));
  const replies = await Promise.all(names.map((name) => machine.get(`7.9/arm64/${name}`)));
  assert.ok(replies.every(({ status }) => status === 200));
  assert.equal(most, 2);
});
