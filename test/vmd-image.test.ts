import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { isHeld } from '../src/vmm/vmd/file-lock.ts';
import { whyUnusable } from '../src/vmm/vmd/image.ts';

const run = promisify(execFile);
const on = () => AbortSignal.timeout(30_000);

const folderOf = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vmd-image-'));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
};

const judge = (path: string, layers?: number) =>
  whyUnusable({ path, format: 'qcow2' }, { looksInside: true, ...(layers === undefined ? {} : { layers }) }, on());

for (const [options, words] of [
  ['compat=1.1', undefined],
  ['compat=0.10', /version 2/],
  ['compat=1.1,refcount_bits=32', /refcounts of 32 bits/],
  ['compat=1.1,data_file=DATA', /features of qcow2 that vmd lacks/],
  ['compat=1.1,extended_l2=on,cluster_size=128k', /features/],
  ['compat=1.1,lazy_refcounts=on', undefined],
] as const)
  test(`an image of qcow2 with ${options} is ${words === undefined ? 'one that vmd reads' : 'refused with the reason'}`, async () => {
    await using place = await folderOf();
    const path = join(place.folder, 'x.qcow2');
    const filled = options.replace('DATA', join(place.folder, 'data'));
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', filled, path, '64M']);
    const why = await judge(path);
    if (words === undefined) assert.equal(why, undefined);
    else assert.match(why ?? 'usable', words);
  });

test('one compressed cluster anywhere is found', async () => {
  await using place = await folderOf();
  const raw = join(place.folder, 'raw');
  const compressed = join(place.folder, 'c.qcow2');
  await using file = await open(raw, 'w');
  await file.truncate(2 ** 30);
  await file.write(randomBytes(100).toString('hex').repeat(200), 900 * 2 ** 20);
  await file.sync();
  await run('qemu-img', ['convert', '-c', '-O', 'qcow2', raw, compressed]);
  assert.match((await judge(compressed)) ?? 'usable', /compressed clusters/);
  await run('qemu-img', ['convert', '-O', 'qcow2', '-o', 'compat=1.1', compressed, join(place.folder, 'flat.qcow2')]);
  assert.equal(await judge(join(place.folder, 'flat.qcow2')), undefined);
});

test('a chain may have four layers, by relative names too, and one more is refused', async () => {
  await using place = await folderOf();
  const layer = (number: number) => join(place.folder, `l${number}.qcow2`);
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', layer(1), '64M']);
  for (let number = 2; number <= 5; number++)
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', `l${number - 1}.qcow2`, '-F', 'qcow2', layer(number)]);
  assert.equal(await judge(layer(4)), undefined);
  assert.match((await judge(layer(4), 3)) ?? 'usable', /more layers/);
  assert.match((await judge(layer(5))) ?? 'usable', /l1\.qcow2, which has more layers/);
  await rm(layer(1));
  assert.match((await judge(layer(2))) ?? 'usable', /cannot be read: .*l1\.qcow2/);
});

test('a header that would make the daemon take all its memory, or read for ever, is refused', async () => {
  await using place = await folderOf();
  const path = join(place.folder, 'bomb.qcow2');
  for (const [offset, value] of [
    [36, 0xffff_ffff],
    [20, 40],
    [20, 0],
  ] as const) {
    await rm(path, { force: true });
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', path, '64M']);
    await using file = await open(path, 'r+');
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    await file.write(bytes, 0, 4, offset);
    assert.match((await judge(path)) ?? 'usable', /is a damaged qcow2 image/);
  }
});

test('what is no qcow2 at all, or has a raw base, is refused, and a raw disk is taken as it is', async () => {
  await using place = await folderOf();
  const raw = join(place.folder, 'raw');
  await writeFile(raw, Buffer.alloc(65_536));
  assert.match((await judge(raw)) ?? 'usable', /not a qcow2 image/);
  assert.equal(await whyUnusable({ path: raw, format: 'raw' }, { looksInside: true }, on()), undefined);
  const child = join(place.folder, 'child.qcow2');
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', raw, '-F', 'raw', child]);
  assert.match((await judge(child)) ?? 'usable', /raw, which is not a qcow2 image/);
});

test('a file that another program has locked, as vmd does its disks, is seen to be held until that ends', async () => {
  await using place = await folderOf();
  const path = join(place.folder, 'disk');
  await writeFile(path, '');
  assert.equal(await isHeld(path, on()), false);
  const holder = execFile('flock', ['-x', path, 'sh', '-c', 'echo held; read line']);
  assert.ok(holder.stdout && holder.stdin);
  for await (const line of holder.stdout) {
    assert.equal(String(line), 'held\n');
    assert.equal(await isHeld(path, on()), true);
    holder.stdin.end('go\n');
  }
  assert.equal(await isHeld(path, on()), false);
});
