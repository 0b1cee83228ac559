import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanupStack } from '../src/base/cleanup.ts';
import { runProgram } from '../src/base/program.ts';
import { boundedProgress } from '../src/build/attempt/progress.ts';
import { percentReader } from '../src/base/machine/qemu-percent.ts';
import { bench, on } from './fixtures/qemu-bench.ts';
import { powerOff, say, writeDisk } from './fixtures/tiny-guest.ts';

const mib = 1024 * 1024;

const infoOf = async (path: string): Promise<Record<string, unknown>> => {
  const { stdout } = await runProgram('qemu-img', ['info', '--output=json', path], { signal: on() });
  return JSON.parse(stdout) as Record<string, unknown>;
};

test('a disk is made as vmd reads it, for its owner alone, and takes no space yet', async () => {
  await using vmm = await bench();
  const path = join(vmm.folder, 'disk.qcow2');
  await vmm.qemu.createDisk({ path, format: 'qcow2', sizeMb: 10_240 }, on());
  const info = await infoOf(path);
  assert.equal(info['virtual-size'], 10_240 * mib);
  assert.equal(info['cluster-size'], 65536);
  const { data } = info['format-specific'] as { data: Record<string, unknown> };
  assert.equal(data['compat'], '1.1');
  assert.equal(data['lazy-refcounts'], false);
  const { mode, size } = await stat(path);
  assert.equal(mode & 0o777, 0o600);
  assert.ok(size < mib);

  const raw = join(vmm.folder, 'disk.raw');
  await vmm.qemu.createDisk({ path: raw, format: 'raw', sizeMb: 64 }, on());
  const made = await stat(raw);
  assert.equal(made.size, 64 * mib);
  assert.equal(made.mode & 0o777, 0o600);
  assert.ok(made.blocks * 512 < mib);
});

test('a disk never takes the place of a file that is there', async () => {
  await using vmm = await bench();
  const path = join(vmm.folder, 'mine');
  await writeFile(path, 'mine');
  await assert.rejects(vmm.qemu.createDisk({ path, format: 'qcow2', sizeMb: 1 }, on()), { code: 'disk_failed' });
  const from = { path: join(vmm.folder, 'none'), format: 'raw' } as const;
  await assert.rejects(vmm.qemu.convertDisk(from, { path, format: 'raw' }, on()), { code: 'disk_failed' });
  assert.equal(await readFile(path, 'utf8'), 'mine');
});

test('what a guest writes on an overlay leaves the base as it was, and is in the flat copy', async () => {
  await using vmm = await bench();
  const { disks } = await vmm.specOf(1, [say('overlay'), writeDisk, powerOff]);
  const base = { ...(disks[0] ?? assert.fail()), layers: 'one' } as const;
  const before = await readFile(base.path);
  const overlay = { path: join(vmm.folder, 'overlay.qcow2'), format: 'qcow2', base } as const;
  await vmm.qemu.createDisk(overlay, on());
  assert.equal((await infoOf(overlay.path))['virtual-size'], mib);

  const machine = await vmm.start([], { disks: [overlay] });
  await machine.run(on());
  assert.equal((await machine.ended).how, 'halt');
  assert.deepEqual(await readFile(base.path), before);

  const flat = { path: join(vmm.folder, 'flat.raw'), format: 'raw' } as const;
  await vmm.qemu.convertDisk(overlay, flat, on());
  const after = await readFile(flat.path);
  assert.deepEqual(after.subarray(512, 1024), before.subarray(0, 512));

  const compact = { path: join(vmm.folder, 'compact.qcow2'), format: 'qcow2' } as const;
  await vmm.qemu.convertDisk(overlay, compact, on());
  const info = await infoOf(compact.path);
  assert.equal(info['backing-filename'], undefined);
  assert.ok((await stat(compact.path)).size < mib);
});

test('what cannot be made says why and leaves nothing', async () => {
  await using vmm = await bench();
  const path = join(vmm.folder, 'disk');
  const base = { path: join(vmm.folder, 'none.qcow2'), format: 'qcow2', layers: 'one' } as const;
  await assert.rejects(vmm.qemu.createDisk({ path, format: 'qcow2', base }, on()), {
    code: 'disk_failed',
    message: /none\.qcow2/,
  });
  await assert.rejects(vmm.qemu.createDisk({ path, format: 'raw', base }, on()), { code: 'disk_failed' });
  await assert.rejects(vmm.qemu.createDisk({ path, format: 'raw' }, on()), { code: 'disk_failed' });
  await assert.rejects(vmm.qemu.convertDisk(base, { path, format: 'raw' }, on()), { code: 'disk_failed' });
  assert.deepEqual(await readdir(vmm.folder), []);
});

test('a full disk of the host is told as storage_full, and leaves nothing', async (t) => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return t.skip('only root can mount a small disk');
  await using vmm = await bench();
  const small = join(vmm.folder, 'small');
  await mkdir(small);
  await runProgram('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', small], { signal: on() });
  await using left = cleanupStack();
  left.defer(async () => void (await runProgram('umount', [small], { signal: on() })));
  const from = { path: join(vmm.folder, 'from.raw'), format: 'raw' } as const;
  await writeFile(from.path, Buffer.alloc(8 * mib, 1));
  for (const format of ['raw', 'qcow2'] as const) {
    const to = { path: join(small, 'to'), format };
    await assert.rejects(vmm.qemu.convertDisk(from, to, on()), { code: 'storage_full' });
    assert.deepEqual(await readdir(small), []);
  }
});

test('a conversion tells how far it is, up to the end, and why it failed all the same', async () => {
  await using vmm = await bench();
  const from = { path: join(vmm.folder, 'from.raw'), format: 'raw' } as const;
  await writeFile(from.path, Buffer.alloc(64 * mib, 1));
  const seen: number[] = [];
  const to = (name: string) => ({ path: join(vmm.folder, name), format: 'qcow2' }) as const;
  await vmm.qemu.convertDisk(from, to('to.qcow2'), on(), (percent) => seen.push(percent));
  assert.equal(seen.at(-1), 100);
  assert.deepEqual(
    seen,
    seen.toSorted((one, other) => one - other),
  );
  const none = { path: join(vmm.folder, 'none'), format: 'raw' } as const;
  const failing = vmm.qemu.convertDisk(none, to('other.qcow2'), on(), () => undefined);
  await assert.rejects(failing, { code: 'disk_failed', message: /No such file/ });
});

test('what qemu-img prints is read in whatever pieces it comes, and nothing of it is kept', () => {
  const seen: number[] = [];
  const read = percentReader((percent) => seen.push(percent));
  for (const piece of [
    '    (0.00/100%)\r    (1',
    '2.50/1',
    '00%)\r',
    'garbage'.repeat(1000),
    '(99.9/100%)\r(100.00/100%)',
  ])
    read(Buffer.from(piece));
  assert.deepEqual(seen, [0, 12.5, 100]);
});

test('progress is told at most once a second and in steps of 5 %', () => {
  let now = 0;
  const told: number[] = [];
  const tell = boundedProgress({ elapsed: () => now }, (percent) => told.push(percent));
  for (const [at, percent] of [
    [0, 1],
    [1, 5.4],
    [500, 50],
    [1200, 51],
    [1300, 53],
    [2500, 55],
    [4000, 56.1],
  ] as const) {
    now = at;
    tell(percent);
  }
  assert.deepEqual(told, [5, 51, 56]);
});

test('a conversion that is aborted leaves nothing', async () => {
  await using vmm = await bench();
  const from = { path: join(vmm.folder, 'from.raw'), format: 'raw' } as const;
  await writeFile(from.path, Buffer.alloc(64 * mib, 1));
  const asked = new AbortController();
  setTimeout(() => asked.abort(new Error('enough')), 20);
  const to = { path: join(vmm.folder, 'to.qcow2'), format: 'qcow2' } as const;
  await assert.rejects(vmm.qemu.convertDisk(from, to, asked.signal), /enough/);
  assert.deepEqual(await readdir(vmm.folder), ['from.raw']);
});
