import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { z } from 'zod';
import { awaitByte, say } from './fixtures/tiny-guest.ts';
import { converse, eventually, rowOf } from './fixtures/vmd-console.ts';
import { disksFor } from './fixtures/vmd-disks.ts';
import { daemonId, needsRoot, startVmd, type Release, type VmdOptions } from './fixtures/vmd.ts';

const options = { skip: needsRoot };
const qemuImg = async (...words: readonly string[]) => (await promisify(execFile)('qemu-img', words)).stdout;
const mb = 2 ** 20;
const Info = z.object({ 'backing-filename': z.string(), 'virtual-size': z.number() });

const shop = async (how: VmdOptions = {}) => {
  const vmd = await startVmd({ guests: 'none', ...how });
  const disks = await disksFor(vmd);
  const at = (name: string) => join(disks.path, name);
  /** vmctl create, as the daemon's user: its exit code and what it said. */
  const create = async (...words: readonly string[]) => {
    const { stdout, stderr, exitCode } = await vmd.vmctlAsImaged('create', ...words);
    assert.equal(stdout, '');
    return [exitCode, stderr];
  };
  const start = async (disk: string, name = 'im-0') =>
    (await vmd.vmctlAsImaged('start', '-t', 'imaged', '-m', '64M', '-L', '-d', disk, name)).stderr;
  /** Makes a file the daemon's. */
  const give = async (path: string) => {
    await chown(path, daemonId, daemonId);
    return path;
  };
  return { ...{ vmd, ...disks, at, create, start, give }, [Symbol.asyncDispose]: vmd[Symbol.asyncDispose] };
};

const usage = 'usage:\tvmctl [-v] create [-b base | -i disk] [-s size] disk\n';
const gone = 'No such file or directory';

test('vmctl create says what it says on OpenBSD', options, async () => {
  await using s = await shop();
  const failed = 'vmctl: create imagefile operation failed';
  const raw = await s.file('plain', 'no image\n'.repeat(20));
  await s.create('-s', '2M', `qcow2:${s.at('base')}`);
  for (const [words, exitCode, stderr] of [
    [[], 1, usage],
    [['-s', '1M'], 1, usage],
    [['-x', 'a'], 1, `vmctl: unknown option -- x\n${usage}`],
    [[s.at('a.qcow2')], 1, `could not create ${s.at('a.qcow2')}: missing size argument\n${usage}`],
    [['-s', 'big', s.at('a')], 1, 'vmctl: invalid disk size: big: Invalid argument\n'],
    [['-s', '512K', s.at('a')], 1, 'vmctl: disk size must be at least 1MB\n'],
    [['-s', '1.7M', `raw:${s.at('rounded')}`], 0, 'vmctl: disk size rounded to 1.0M\nvmctl: raw imagefile created\n'],
    [['-s', '4.5G', s.at('a.QCOW2')], 0, 'vmctl: qcow2 imagefile created\n'],
    [['-s', '1M', s.at('a.img')], 0, 'vmctl: raw imagefile created\n'],
    [['-s', '1M', s.at('a.img')], 1, `${failed}: File exists\n`],
    [['-s', '1M', '/nowhere/a'], 1, `${failed}: ${gone}\n`],
    [['-s', '1M', '/a-disk-of-imaged'], 1, `${failed}: Permission denied\n`],
    [['-b', s.at('base'), '-i', s.at('base'), 'b.qcow2'], 1, 'vmctl: conflicting -b and -i arguments\n'],
    [['-b', s.at('base'), 'raw:b'], 1, 'vmctl: base images require qcow2 disk format\n'],
    [['-b', raw, `qcow2:${s.at('b')}`], 1, 'vmctl: base image is not a qcow2 file\n'],
    [['-b', '/nowhere', `qcow2:${s.at('b')}`], 1, 'vmctl: failure to read base image header\n'],
    [['-b', s.at('base'), '-s', '3M', `qcow2:${s.at('b')}`], 1, 'vmctl: base size does not match requested size\n'],
    [['-b', s.at('base'), '-s', '2M', `qcow2:${s.at('b')}`], 0, 'vmctl: qcow2 imagefile created\n'],
    [['-i', '/nowhere', s.at('c')], 1, 'vmctl: failed to open source image file\n'],
    [['-i', `qcow2:${raw}`, s.at('c')], 1, 'vmctl: failed to open source image file\n'],
    [['-i', s.at('base'), '-s', '1M', s.at('c')], 1, 'vmctl: size cannot be smaller than input disk size\n'],
    [['-i', s.at('base'), s.at('a.img')], 1, 'vmctl: failed to create destination image file\n'],
    [
      ['-i', raw, `raw:${s.at('c')}`],
      0,
      'vmctl: destination size rounded to 1 megabytes\nvmctl: raw imagefile created\n',
    ],
  ] as const)
    assert.deepEqual(await s.create(...words), [exitCode, stderr], words.join(' '));
});

test('an image is sound, sparse, its maker’s alone, and its base is kept as it was said', options, async () => {
  await using s = await shop();
  await s.create('-s', '10G', `qcow2:${s.at('top')}`);
  const made = await s.vmd.run([
    'sh',
    '-c',
    'cd "$1" && exec "$2" create -b top qcow2:child',
    'sh',
    s.path,
    join(s.vmd.bin, 'vmctl'),
  ]);
  assert.equal(made.stderr, 'vmctl: qcow2 imagefile created\n');
  for (const name of ['top', 'child']) {
    const found = await stat(s.at(name));
    assert.deepEqual([found.uid, found.mode & 0o777, found.blocks * 512 < mb], [daemonId, 0o600, true]);
    await qemuImg('check', '-f', 'qcow2', s.at(name));
  }
  const info = Info.parse(JSON.parse(await qemuImg('info', '--output=json', s.at('child'))));
  assert.deepEqual(info, { 'backing-filename': 'top', 'virtual-size': 10 * 1024 * mb });
});

test('create -i copies what a chain holds, in both directions and into more room', options, async () => {
  await using s = await shop();
  const content = Buffer.alloc(3 * mb);
  content.write('the beginning', 0);
  content.write('the end', 3 * mb - 7);
  await writeFile(s.at('source'), content);
  await s.give(s.at('source'));
  assert.deepEqual(await s.create('-i', `raw:${s.at('source')}`, '-s', '5M', `qcow2:${s.at('copy')}`), [
    0,
    'vmctl: qcow2 imagefile created\n',
  ]);
  await s.create('-b', s.at('copy'), `qcow2:${s.at('child')}`);
  assert.deepEqual(await s.create('-i', `qcow2:${s.at('child')}`, `raw:${s.at('flat')}`), [
    0,
    'vmctl: raw imagefile created\n',
  ]);
  const flat = await readFile(s.at('flat'));
  assert.ok(flat.equals(Buffer.concat([content, Buffer.alloc(2 * mb)])));
  assert.ok((await stat(s.at('flat'))).blocks * 512 <= 256 * 1024);
});

test('a disk is locked by the VM that has it, and by whoever else locks it', options, async () => {
  await using s = await shop();
  const missing = 'vmctl: could not open disk image(s)\n';
  const disk = `raw:${await s.disk('a')}`;
  assert.match(await s.start(disk), /started/);
  assert.equal(await s.start(disk, 'im-1'), missing);
  await s.vmd.vmctl('stop', '-fw', 'im-0');
  const holder = spawn('flock', [s.at('a'), 'sh', '-c', 'echo has it; read x']);
  await once(holder.stdout, 'data');
  assert.equal(await s.start(disk, 'im-1'), missing);
  holder.stdin.end();
  await once(holder, 'close');
  assert.match(await s.start(disk, 'im-1'), /started/);
});

test(
  'a base is shared by the disks above it, which find it beside them, and a chain has four layers at most',
  options,
  async () => {
    await using s = await shop();
    const inside = (...words: readonly string[]) =>
      s.vmd.run(['sh', '-c', 'cd "$0" && exec "$@"', s.path, join(s.vmd.bin, 'vmctl'), 'create', ...words]);
    await inside('-s', '2M', 'qcow2:1');
    for (const [base, name] of ['12', '13', '24', '45', '56'])
      assert.equal((await inside('-b', base ?? '', `qcow2:${name}`)).stderr, 'vmctl: qcow2 imagefile created\n');
    assert.match(await s.start(`qcow2:${s.at('2')}`, 'a'), /started/);
    assert.match(await s.start(`qcow2:${s.at('3')}`, 'b'), /started/);
    assert.match(await s.start(`qcow2:${s.at('5')}`, 'c'), /started/);
    await s.start(`qcow2:${s.at('6')}`, 'd');
    await eventually(
      () => rowOf(s.vmd, 'd'),
      (row) => row === undefined,
    );
    assert.match(await s.vmd.log(), /d: too many bases for disk/);
  },
);

/** Changes bytes of a file. */
const patch = async (path: string, offset: number, bytes: readonly number[]) => {
  await using file = await open(path, 'r+');
  await file.write(Buffer.from(bytes), 0, bytes.length, offset);
};

test('an image that vmd does not know ends its VM just after a start that was good', options, async () => {
  await using s = await shop();
  const source = await s.file('source', Buffer.alloc(mb, 'text that can be compressed '), 0o644);
  const refused: readonly (readonly [name: string, why: RegExp, make: (path: string) => Promise<unknown>])[] = [
    ['v2', /unsupported refcount size/, (path) => qemuImg('create', '-f', 'qcow2', '-o', 'compat=0.10', path, '1M')],
    [
      'bits',
      /unsupported refcount size/,
      (path) => qemuImg('create', '-f', 'qcow2', '-o', 'refcount_bits=64', path, '1M'),
    ],
    [
      'features',
      /unsupported incompatible features 10/,
      (path) => qemuImg('create', '-f', 'qcow2', '-o', 'extended_l2=on', path, '1M'),
    ],
    [
      'small',
      /compressed clusters unsupported/,
      (path) => qemuImg('convert', '-c', '-f', 'raw', '-O', 'qcow2', source, path),
    ],
    [
      'secret',
      /unsupported encryption method/,
      async (path) => {
        await qemuImg('create', '-f', 'qcow2', path, '1M');
        await patch(path, 32, [0, 0, 0, 1]);
      },
    ],
  ];
  for (const [name, why, make] of refused) {
    await make(s.at(name));
    assert.match(await s.start(`qcow2:${await s.give(s.at(name))}`, name), /started vm/);
    await eventually(
      () => rowOf(s.vmd, name),
      (row) => row === undefined,
    );
    assert.match(await s.vmd.log(), new RegExp(`${name}: ${why.source}`));
  }
});

test('what is no qcow2 at all, or has lost its base, is refused at once', options, async () => {
  const answers: Readonly<Partial<Record<Release, string>>> = {
    '7.2': 'vmctl: start vm command failed: Invalid argument\n',
    current: 'vmctl: start vm command failed: Unknown error: -1\n',
  };
  for (const release of ['7.2', 'current'] as const) {
    await using s = await shop({ release });
    assert.equal(await s.start(`qcow2:${await s.disk('a')}`), answers[release]);
    await s.create('-s', '1M', `qcow2:${s.at('base')}`);
    await s.create('-b', 'nowhere', `qcow2:${s.at('b')}`);
    await qemuImg('create', '-q', '-u', '-f', 'qcow2', '-b', 'nowhere', '-F', 'qcow2', s.at('lost'), '1M');
    assert.equal(await s.start(`qcow2:${await s.give(s.at('lost'))}`), 'vmctl: could not open disk image(s)\n');
  }
});

test('a guest boots from the qcow2 that vmctl has made of its raw disk', options, async () => {
  await using s = await shop({ guests: 'qemu' });
  await s.create('-i', `raw:${await s.disk('a', [awaitByte, say('from qcow2')])}`, `qcow2:${s.at('b')}`);
  const words = ['-t', 'imaged', '-m', '64M', '-L', '-d', `qcow2:${s.at('b')}`, 'im-0'];
  await using console = converse(s.vmd, ['vmctl', 'start', '-c', ...words]);
  await console.hear(/Connected.*\r\n/);
  console.type('x');
  await console.hear(/from qcow2/);
});
