import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createGzip } from 'node:zlib';
import { cleanupStack } from '../src/base/cleanup.ts';
import { runProgram } from '../src/base/program.ts';
import { tarOfDisk } from '../src/image/archive/tar-of-disk.ts';
import { tarOfFiles } from '../src/image/archive/tar-of-files.ts';
import { eachGrain } from '../src/image/disk/each-grain.ts';
import { openDisk } from '../src/image/disk/open-disk.ts';
import { vmdkOf } from '../src/image/disk/vmdk.ts';
import { writeHashed } from '../src/image/write-hashed.ts';
import { failsAs } from './store-shop.ts';

const on = () => new AbortController().signal;
const MiB = 1024 ** 2;

const bench = async () => {
  const cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'disk-formats-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const at = (name: string) => join(folder, name);
  /** A raw disk with data here and there. */
  const disk = async (size: number, parts: readonly (readonly [at: number, bytes: number])[]) => {
    const file = await open(at('disk.raw'), 'w');
    for (const [offset, bytes] of parts) await file.write(randomBytes(bytes), 0, bytes, offset);
    await file.truncate(size);
    await file.close();
    return at('disk.raw');
  };
  const run = async (file: string, ...args: string[]) =>
    (await runProgram(file, args, { signal: on(), cwd: folder })).stdout;
  return { at, disk, run, [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose]() };
};

const sha256Of = async (path: string) => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
};

const scattered = [
  [0, 512],
  [70_000, 200_000],
  [33 * MiB + 17, 3 * MiB],
  [70 * MiB - 700, 700],
] as const;

test('a VMDK written here is what qemu-img checks, finds equal to its disk, and writes as large', async () => {
  await using at = await bench();
  for (const [size, parts] of [
    [70 * MiB, scattered],
    [MiB - 512, [[MiB - 1024, 100]]],
    [64 * MiB, []],
  ] as const) {
    const raw = await at.disk(size, parts);
    await using disk = await openDisk(raw, 'raw');
    const to = at.at(`disk-${size}.vmdk`);
    const { sha256, size: written } = await writeHashed(to, vmdkOf(disk, 'disk.vmdk', on()), undefined, on());
    assert.equal(sha256, await sha256Of(to));
    await at.run('qemu-img', 'check', '-f', 'vmdk', to);
    assert.match(await at.run('qemu-img', 'compare', '-f', 'raw', '-F', 'vmdk', raw, to), /^Images are identical/);
    const info: unknown = JSON.parse(await at.run('qemu-img', 'info', '--output', 'json', to));
    assert.deepEqual([info].map((one) => [(one as { 'virtual-size': number })['virtual-size'], written])[0], [
      size,
      (await stat(to)).size,
    ]);
    const theirs = at.at('theirs.vmdk');
    await at.run('qemu-img', 'convert', '-O', 'vmdk', '-o', 'subformat=streamOptimized', raw, theirs);
    assert.ok(written < (await stat(theirs)).size + MiB, 'no larger than by QEMU, but for its tables');
  }
});

test('a qcow2 image is read as QEMU reads it: plain, compressed by deflate and by zstd, with clusters of each size', async () => {
  await using at = await bench();
  const raw = await at.disk(70 * MiB, scattered);
  for (const options of [
    ['-o', 'cluster_size=512'],
    ['-o', 'cluster_size=65536'],
    ['-o', 'cluster_size=2M'],
    ['-c', '-o', 'compression_type=zlib'],
    ['-c', '-o', 'compression_type=zstd'],
    ['-c', '-o', 'compression_type=zstd,cluster_size=2M'],
    ['-o', 'compat=0.10'],
  ]) {
    const to = at.at('disk.qcow2');
    await at.run('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', ...options, raw, to);
    await using disk = await openDisk(to, 'qcow2');
    await using same = await openDisk(raw, 'raw');
    assert.equal(disk.size, same.size);
    let bytes = 0;
    const expected = eachGrain(same, on());
    for await (const grain of eachGrain(disk, on())) {
      const { value } = await expected.next();
      assert.deepEqual([grain.at, grain.bytes.equals(value?.bytes ?? Buffer.alloc(0))], [value?.at, true], options.join(' ')); // prettier-ignore
      bytes += grain.bytes.length;
    }
    assert.ok((await expected.next()).done, options.join(' '));
    assert.ok(bytes >= 3 * MiB);
  }
});

test('a qcow2 image that needs another file is refused', async () => {
  await using at = await bench();
  await at.run('qemu-img', 'create', '-q', '-f', 'qcow2', 'base.qcow2', '1M');
  await at.run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', 'base.qcow2', '-F', 'qcow2', 'over.qcow2');
  await assert.rejects(openDisk(at.at('over.qcow2'), 'qcow2'), failsAs('disk_failed'));
  await assert.rejects(openDisk(at.at('none'), 'raw'), /ENOENT/);
});

test('tar(1) unpacks a sparse disk of more parts than one header has, padded with nothing to the size that is asked for', async () => {
  await using at = await bench();
  const parts = Array.from({ length: 30 }, (_, index) => [index * 4 * MiB + 100, 1000] as const);
  const raw = await at.disk(125 * MiB, parts);
  await using disk = await openDisk(raw, 'raw');
  const size = 192 * MiB;
  const file = { name: 'disk.raw', size };
  const plain = await writeHashed(at.at('plain.tar'), tarOfDisk(disk, file, on()), undefined, on());
  assert.ok(plain.size < 4 * MiB, 'holes are not in it');
  await writeHashed(at.at('disk.tar.gz'), tarOfDisk(disk, file, on()), createGzip(), on());
  for (const [name, flags] of [
    ['plain.tar', '-xf'],
    ['disk.tar.gz', '-xzf'],
  ] as const) {
    await at.run('tar', '-C', at.at('.'), '--transform=s/^/got-/', flags, name);
    assert.equal((await stat(at.at('got-disk.raw'))).size, size);
    await at.run('truncate', '-s', String(size), raw);
    await at.run('cmp', raw, 'got-disk.raw');
    await at.run('truncate', '-s', String(125 * MiB), raw);
  }
  assert.match(await at.run('tar', '-tvf', 'plain.tar'), /^-rw-r--r-- 0\/0 +201326592 1970-01-01 00:00 disk\.raw$/m);
});

test('a tar of files says nothing of times and owners, is the same each time, and holds a file beyond 8 GiB', async () => {
  await using at = await bench();
  await writeFile(at.at('small'), 'bytes');
  const files = [
    { name: 'metadata.json', text: '{}' },
    { name: 'box.img', path: at.at('small') },
  ];
  const write = (name: string) => writeHashed(at.at(name), tarOfFiles(files, on()), createGzip(), on());
  assert.equal((await write('a.tar.gz')).sha256, (await write('b.tar.gz')).sha256);
  const listed = (await at.run('tar', '-tvzf', 'a.tar.gz')).trim().split('\n');
  assert.deepEqual(listed.map((line) => line.replace(/ +/g, ' ')), ['-rw-r--r-- 0/0 2 1970-01-01 00:00 metadata.json', '-rw-r--r-- 0/0 5 1970-01-01 00:00 box.img']); // prettier-ignore
  const huge = await open(at.at('huge'), 'wx');
  await huge.truncate(9 * 1024 * MiB);
  await huge.close();
  const abort = new AbortController();
  const reason = new Error('enough');
  let first = Buffer.alloc(0);
  const some = async function* () {
    for await (const chunk of tarOfFiles([{ name: 'huge', path: at.at('huge') }], abort.signal)) {
      first = Buffer.concat([first, chunk]);
      if (first.length > MiB) abort.abort(reason);
      yield chunk;
    }
  };
  await assert.rejects(writeHashed(at.at('huge.tar'), some(), undefined, abort.signal), reason);
  await writeFile(at.at('head.tar'), first.subarray(0, 512));
  const { stdout } = await runProgram('tar', ['-tvf', at.at('head.tar')], { signal: on(), accept: 'any' });
  assert.match(stdout, / 9663676416 1970/);
  assert.equal((await readFile(at.at('small'), 'utf8')).length, 5);
});
