import assert from 'node:assert/strict';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { mirrorShop, sets, sha256, signed } from './mirror-shop.ts';

const base = sets['base79.tgz'] ?? assert.fail();

/** A folder laid out as a mirror, signed with this key. */
const laidOut = async (shop: Awaited<ReturnType<typeof mirrorShop>>, key = 'openbsd-79-base') => {
  const directory = join(shop.folder, 'srv');
  const place = join(directory, '7.9', 'amd64');
  await mkdir(place, { recursive: true });
  for (const [name, bytes] of Object.entries(sets)) await writeFile(join(place, name), bytes);
  await writeFile(join(place, 'SHA256.sig'), await signed(shop.keys, key, sets));
  return { directory, place };
};

test('a signed set of a local directory is served, and told once with its digest and key', async () => {
  await using shop = await mirrorShop();
  const { directory } = await laidOut(shop);
  const machine = await shop.serve(await shop.open({ directory }));
  const first = await machine.get('7.9/amd64/base79.tgz');
  const second = await machine.get('7.9/amd64/base79.tgz?again');
  assert.deepEqual([first.status, second.status], [200, 200]);
  assert.ok(first.body.equals(base) && second.body.equals(base));
  assert.equal(first.headers['content-length'], String(base.length));
  await machine.get('7.9/amd64/BUILDINFO', { method: 'HEAD' });
  await machine.get('7.9/amd64/bsd.rd');
  await machine.untilTold(2);
  assert.deepEqual(machine.fetched[0], {
    path: '7.9/amd64/base79.tgz',
    sha256: sha256(base),
    bytes: base.length,
    from: 'directory',
    key: 'openbsd-79-base.pub',
  });
  assert.deepEqual(
    machine.fetched.map(({ path }) => path),
    ['7.9/amd64/base79.tgz', '7.9/amd64/bsd.rd'],
  );
});

test('a set of a local directory that changed after it was served is refused with both digests', async () => {
  await using shop = await mirrorShop();
  const { directory, place } = await laidOut(shop);
  const machine = await shop.serve(await shop.open({ directory }));
  assert.equal((await machine.get('7.9/amd64/bsd.rd')).status, 200);
  const damaged = Buffer.from(sets['bsd.rd'] ?? '');
  damaged.writeUInt8(damaged.readUInt8(1000) ^ 1, 1000);
  await writeFile(join(place, 'bsd.rd'), damaged);
  const reply = await machine.get('7.9/amd64/bsd.rd');
  assert.equal(reply.status, 502);
  assert.equal(reply.body.toString(), 'The mirror cannot give this file. The build knows why.\n');
  await machine.untilTold(2);
  const [refused] = machine.refused;
  assert.equal(refused?.code, 'mirror_damaged');
  assert.match(refused?.why ?? '', new RegExp(`${sha256(damaged)}, not ${sha256(sets['bsd.rd'] ?? damaged)}`));
});

test('a directory signed with another key, or not at all, gives nothing, not even its index', async () => {
  await using shop = await mirrorShop();
  const { directory, place } = await laidOut(shop, 'other');
  const machine = await shop.serve(await shop.open({ directory }));
  for (const name of ['SHA256.sig', 'SHA256', 'index.txt', 'base79.tgz'])
    assert.equal((await machine.get(`7.9/amd64/${name}`)).status, 502, name);
  assert.match(machine.refused[0]?.why ?? '', /SHA256\.sig of 7\.9\/amd64 is not signed with openbsd-79-base\.pub/);
  await rm(join(place, 'SHA256.sig'));
  assert.equal((await machine.get('7.9/amd64/base79.tgz')).status, 404);
  // The key of the next release signs nothing of this one.
  await writeFile(join(place, 'SHA256.sig'), await signed(shop.keys, 'openbsd-80-base', sets));
  assert.equal((await machine.get('7.9/amd64/base79.tgz')).status, 502);
  await writeFile(join(place, 'SHA256.sig'), await signed(shop.keys, 'openbsd-79-base', sets));
  assert.equal((await machine.get('7.9/amd64/base79.tgz')).status, 200);
});

test('a signature whose sums were edited afterwards gives nothing', async () => {
  await using shop = await mirrorShop();
  const { directory, place } = await laidOut(shop);
  const evil = Buffer.from('evil');
  await writeFile(join(place, 'base79.tgz'), evil);
  const honest = (await signed(shop.keys, 'openbsd-79-base', sets)).toString();
  await writeFile(join(place, 'SHA256.sig'), honest.replace(sha256(base), sha256(evil)));
  const machine = await shop.serve(await shop.open({ directory }));
  assert.equal((await machine.get('7.9/amd64/base79.tgz')).status, 502);
  assert.equal((await machine.get('7.9/amd64/BUILDINFO')).status, 502);
});

test('index.txt names what is signed and what the machine has itself, and nothing else that lies there', async () => {
  await using shop = await mirrorShop();
  const { directory, place } = await laidOut(shop);
  await writeFile(join(place, 'unsigned.tgz'), 'x');
  const own = join(shop.folder, 'own');
  await mkdir(own);
  await writeFile(join(own, 'site79-web.tgz'), 'y');
  const machine = await shop.serve(
    await shop.open({ directory }),
    new Map([
      ['pub/OpenBSD/7.9/amd64/site79.tgz', { kind: 'text', render: () => 'site' } as const],
      ['pub/OpenBSD/7.9/arm64/other.tgz', { kind: 'text', render: () => 'other' } as const],
      ['pub/OpenBSD/7.9/amd64', { kind: 'folder', path: own } as const],
    ]),
  );
  const index = (await machine.get('7.9/amd64/index.txt')).body.toString();
  const lines = index.trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => line.split(' ').at(-1)),
    ['BUILDINFO', 'SHA256', 'SHA256.sig', 'base79.tgz', 'bsd.rd', 'index.txt', 'site79-web.tgz', 'site79.tgz'],
  );
  assert.ok(lines.every((line) => line.startsWith('-rw-r--r-- ')));
  assert.equal((await machine.get('7.9/amd64/site79.tgz')).body.toString(), 'site');
  assert.equal((await machine.get('7.9/amd64/site79-web.tgz')).body.toString(), 'y');
  const unsigned = await machine.get('7.9/amd64/unsigned.tgz');
  assert.equal(unsigned.status, 404);
  assert.match(unsigned.body.toString(), /SHA256\.sig of 7\.9\/amd64 names no unsigned\.tgz/);
  assert.deepEqual(machine.refused[0]?.code, 'mirror_refused');
  const message = (await machine.get('7.9/amd64/SHA256')).body.toString();
  assert.equal(
    (await machine.get('7.9/amd64/SHA256.sig')).body.toString().split('\n').slice(2).join('\n'),
    message,
    'SHA256.sig holds two lines of signature, then SHA256',
  );
});

test('no path of a guest leads to what is not signed, on this host or upstream', async () => {
  await using shop = await mirrorShop();
  const { directory, place } = await laidOut(shop);
  await writeFile(join(shop.folder, 'secret'), 'SECRET');
  await symlink(join(shop.folder, 'secret'), join(place, 'leak'));
  await symlink(join(shop.folder, 'secret'), join(directory, '7.9', 'secret'));
  const paths = [
    '',
    '/',
    '7.9',
    '7.9/',
    '7.9/amd64',
    '7.9/amd64/',
    '7.9/amd64/leak',
    '7.9/secret',
    '../secret',
    '7.9/amd64/../../../secret',
    '7.9/amd64/%2e%2e/%2e%2e/%2e%2e/secret',
    '7.9/amd64/..%2f..%2f..%2fsecret',
    '%2e%2e/%2e%2e/secret',
    '7.9%2famd64/base79.tgz',
    '7.9/amd64/base79.tgz%00',
    '7.9/amd64/base79.tgz%0d%0aX:%20y',
    '7.9/evil/SHA256.sig',
    '7.9/amd64/deep/base79.tgz',
    '79/amd64/base79.tgz',
    '7.9.9/amd64/base79.tgz',
    'syspatch/snapshots/amd64/SHA256.sig',
    'snapshots/packages/amd64/SHA256.sig',
    '6.0/amd64/SHA256.sig',
    'http://evil/x',
    '7.9/amd64/.hidden',
  ];
  const here = await shop.serve(await shop.open({ directory }));
  const there = await shop.serve(await shop.open());
  for (const machine of [here, there])
    for (const path of paths) {
      const reply = await machine.get(path);
      assert.equal(reply.status, 404, path);
      assert.doesNotMatch(reply.body.toString(), /SECRET/);
      assert.doesNotMatch(reply.body.toString().trimEnd(), /[\u0000-\u001f]/);
    }
  const outside = shop.upstream.asked.filter(({ path }) => !/^7\.9(\/amd64)?\/(SHA256\.sig|BUILDINFO)$/.test(path));
  assert.deepEqual(outside, []);
});

test('without a mirror a 404 says so, and what the machine has itself is still served', async () => {
  await using shop = await mirrorShop();
  const machine = await shop.serve(
    undefined,
    new Map([['pub/OpenBSD/7.9/amd64/site79.tgz', { kind: 'text', render: () => 'site' } as const]]),
  );
  const reply = await machine.get('7.9/amd64/base79.tgz');
  assert.equal(reply.status, 404);
  assert.match(reply.body.toString(), /This host has no mirror: its configuration has no \[mirror\]/);
  assert.equal((await machine.get('7.9/amd64/site79.tgz')).status, 200);
});

test('each kind of folder is verified with its own key; snapshots with the newest that fits', async () => {
  await using shop = await mirrorShop();
  const patch = { 'syspatch79-001_httpd.tgz': Buffer.from('patch') };
  await shop.put('syspatch/7.9/amd64', patch, 'openbsd-79-syspatch');
  await shop.put('syspatch/7.9/i386', patch, 'openbsd-79-base');
  await shop.put('7.9', { 'src.tar.gz': Buffer.from('src') });
  await shop.put('snapshots/amd64', { 'base80.tgz': Buffer.from('new') }, 'openbsd-80-base');
  await shop.put('snapshots/i386', { 'base79.tgz': Buffer.from('old') }, 'openbsd-79-base');
  const machine = await shop.serve(await shop.open());
  assert.equal((await machine.get('syspatch/7.9/amd64/syspatch79-001_httpd.tgz')).body.toString(), 'patch');
  assert.equal((await machine.get('syspatch/7.9/i386/syspatch79-001_httpd.tgz')).status, 502);
  assert.equal((await machine.get('7.9/src.tar.gz')).body.toString(), 'src');
  assert.equal((await machine.get('snapshots/amd64/base80.tgz')).body.toString(), 'new');
  assert.equal((await machine.get('snapshots/i386/base79.tgz')).body.toString(), 'old');
  const missing = await machine.get('7.8/amd64/base78.tgz');
  assert.match(missing.body.toString(), /there is no openbsd-78-base\.pub among the keys of this host/);
  await machine.untilTold(6);
  assert.deepEqual(
    machine.fetched.map(({ key }) => key),
    ['openbsd-79-syspatch.pub', 'openbsd-79-base.pub', 'openbsd-80-base.pub', 'openbsd-79-base.pub'],
  );
});
