import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { blamingBase } from '../src/build/files/blame-base.ts';
import { Fault } from '../src/base/fault.ts';
import { imageFacts } from '../src/context/image-header.ts';
import { ParseError } from '../src/base/text/parse-error.ts';
import { makeQemuDisks } from '../src/vmm/qemu/disks.ts';
import { runs } from './fixtures/long.ts';

const run = promisify(execFile);

const place = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'qcow2-'));
  return {
    at: (name: string) => join(folder, name),
    make: async (name: string, ...options: readonly string[]) => {
      await run('qemu-img', ['create', '-q', '-f', 'qcow2', ...options, join(folder, name), '64M']);
      return join(folder, name);
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
};

type Change = { readonly at: number; readonly bytes: 4 | 8; readonly value: bigint };

const change = async (path: string, changes: readonly Change[]) => {
  await using file = await open(path, 'r+');
  for (const { at, bytes, value } of changes) {
    const word = Buffer.alloc(8);
    word.writeBigUInt64BE(BigInt.asUintN(bytes * 8, value));
    await file.write(word.subarray(8 - bytes), 0, bytes, at);
  }
};

const judged = async (path: string): Promise<string> => {
  try {
    const { format, virtualMb } = await imageFacts(path, false);
    return `${format} ${virtualMb}`;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return error.message;
  }
};

const four = (at: number, value: number): Change => ({ at, bytes: 4, value: BigInt(value) });
const eight = (at: number, value: bigint): Change => ({ at, bytes: 8, value });

for (const [what, changes, words] of [
  ['an L1 table without end', [four(36, 0xffff_ffff)], /L1 table of 4294967295 entries is too large/],
  ['an L1 table that is too small', [four(36, 0)], /L1 table of 0 entries is too small/],
  ['an L1 table between clusters', [eight(40, 0x30001n)], /L1 table .* between two clusters/],
  ['clusters of 2^60 bytes', [four(20, 60)], /clusters have 2\^60 bytes/],
  ['clusters of 2^8 bytes', [four(20, 8)], /clusters have 2\^8 bytes/],
  ['reference counts of 2^7 bits', [four(96, 7)], /reference counts have 2\^7 bits/],
  ['no reference counts', [four(56, 0)], /no table of reference counts/],
  ['a header of 80 bytes', [four(100, 80)], /header has 80 bytes/],
  ['a header of a gigabyte', [four(100, 2 ** 30)], /header has 1073741824 bytes/],
  ['a million snapshots', [four(60, 1_000_000)], /1000000 snapshots is too large/],
  ['a snapshot', [four(60, 1)], /image with 1 snapshots/],
  ['features of tomorrow', [eight(72, 1n << 40n)], /features that are not known \(bits 0x10000000000\)/],
  ['compression of tomorrow', [eight(72, 8n), four(104, 0x0700_0000)], /way of compression \(7\)/],
  ['encryption', [four(32, 1)], /encrypted/],
  ['a size of 2^63 bytes', [eight(24, 1n << 63n)], /too small for its size/],
  ['a size of nothing', [eight(24, 0n)], /makes no sense/],
  ['a backing file', [eight(8, 0x200n), four(16, 11)], /needs a second file/],
  ['a backing file far away', [eight(8, 1n << 40n)], /outside of its first cluster/],
  ['a data file', [eight(72, 4n)], /needs a second file/],
  ['an endless extension', [four(112, 0x1234_5678), four(116, 0xffff_fff0)], /extension of its header is too large/],
] as const)
  test(`a qcow2 image with ${what} is refused with the reason, before QEMU sees it`, async () => {
    await using shop = await place();
    const path = await shop.make('x');
    assert.equal(await judged(path), 'qcow2 64');
    await change(path, changes);
    assert.match(await judged(path), words);
  });

test('an image of another format, an archive or nothing is no raw disk, and a disk that boots is one whatever it begins with', async () => {
  await using shop = await place();
  const other = async (format: string, ...options: readonly string[]) => {
    const path = shop.at(`${format}${options.length}`);
    await run('qemu-img', ['create', '-q', '-f', format, ...options, path, '8M']);
    return path;
  };
  for (const [format, words] of [
    ['vmdk', /VMDK, and raw or qcow2 can be used: convert it \(qemu-img/],
    ['vdi', /VDI/],
    ['vpc', /VHD,/],
    ['vhdx', /VHDX/],
    ['qed', /QED/],
    ['parallels', /Parallels/],
  ] as const)
    assert.match(await judged(await other(format)), words);
  assert.match(await judged(await other('vmdk', '-o', 'subformat=monolithicFlat')), /VMDK/);
  const luks = [
    '--object',
    'secret,id=s,data=abcdef',
    '-o',
    // Not luks: on a busy host qemu-img fails to measure how often it is to hash the key.
    'encrypt.format=aes,encrypt.key-secret=s',
  ];
  assert.match(await judged(await other('qcow2', ...luks)), /is an encrypted image, and imaged has no key for it/);
  const raw = await other('raw');
  assert.equal(await judged(raw), 'raw 8');
  await run('tar', ['-C', join(raw, '..'), '-cf', shop.at('a.ova'), 'raw0']);
  assert.match(await judged(shop.at('a.ova')), /is a tar archive, as an OVA or a Vagrant box is: take the disk out/);
  for (const [program, ending, words] of [
    ['gzip', 'gz', /compressed by gzip/],
    ['xz', 'xz', /compressed by xz/],
    ['bzip2', 'bz2', /compressed by bzip2/],
  ] as const) {
    await run(program, ['-k', raw]);
    assert.match(await judged(`${raw}.${ending}`), words);
  }
  await writeFile(shop.at('empty'), '');
  assert.equal(await judged(shop.at('empty')), 'is empty');
  const sector = Buffer.alloc(512, 'KDMV');
  sector.writeUInt16BE(0x55aa, 510);
  await writeFile(shop.at('boots'), sector);
  assert.equal(await judged(shop.at('boots')), 'raw 1');
});

const value = fc.oneof(
  fc.bigInt({ min: 0n, max: 300n }),
  fc.integer({ min: 0, max: 63 }).map((bit) => 1n << BigInt(bit)),
  fc.integer({ min: 0, max: 63 }).map((bit) => (1n << BigInt(bit)) - 1n),
  fc.integer({ min: 0, max: 40 }).map((clusters) => BigInt(clusters * 65_536)),
  fc.constantFrom(0xe279_2acan, 0x0537_be77n, 0x2385_2875n, 0x6803_f857n, 0x4441_5441n),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
);

const anyChange = fc.oneof(
  fc.record({ at: fc.constantFrom(4, 16, 20, 32, 36, 56, 60, 96, 100, 104, 112, 116, 120, 124), bytes: fc.constant(4 as const), value }), // prettier-ignore
  fc.record({ at: fc.constantFrom(8, 24, 40, 48, 64, 72, 80, 88), bytes: fc.constant(8 as const), value }),
  fc.record({ at: fc.integer({ min: 4, max: 300 }), bytes: fc.constant(4 as const), value }),
);

test('whatever a header holds: an image that is taken is one that qemu-img opens and makes disks of', async () => {
  await using shop = await place();
  const kinds = await Promise.all([
    shop.make('new'),
    shop.make('old', '-o', 'compat=0.10'),
    shop.make('small', '-o', 'cluster_size=512'),
    shop.make('l2', '-o', 'extended_l2=on,cluster_size=16k'),
  ]);
  let taken = 0;
  const often = runs(800);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...kinds),
      fc.array(anyChange, { minLength: 1, maxLength: 3 }),
      async (kind, changes) => {
        const path = shop.at('mutant');
        await copyFile(kind, path);
        await change(path, changes);
        if (!(await judged(path)).startsWith('qcow2')) return;
        taken += 1;
        await run('qemu-img', ['info', '-f', 'qcow2', path]);
        await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', path, '-F', 'qcow2', shop.at('overlay')]);
      },
    ),
    often,
  );
  assert.ok(taken * 40 > often.numRuns, `only ${taken} of them were taken`);
});

test('an image that is damaged further in is the fault of the template, which names it as the template does', async () => {
  await using shop = await place();
  const base = await shop.make('base');
  const signal = AbortSignal.timeout(30_000);
  const raw = shop.at('raw');
  await using file = await open(raw, 'w');
  await file.write(Buffer.alloc(2 ** 20, 'x'));
  await file.sync();
  await run('qemu-img', ['convert', '-O', 'qcow2', raw, base]);
  // The first L2 table lies between two clusters.
  await change(base, [eight(0x30000, (1n << 63n) | 0x40200n)]);
  assert.match(await judged(base), /^qcow2/);
  const { createDisk, convertDisk } = makeQemuDisks('qemu-img');
  const overlay = {
    path: shop.at('overlay'),
    format: 'qcow2',
    base: { path: base, format: 'qcow2', layers: 'one' },
  } as const;
  const shown = { shown: 'images/base.qcow2' };
  const build = async () => {
    await blamingBase(shown, () => createDisk(overlay, signal));
    await blamingBase(shown, () => convertDisk(overlay, { path: shop.at('out'), format: 'raw' }, signal));
  };
  await assert.rejects(build, (error) => {
    assert.ok(error instanceof Fault);
    assert.equal(error.code, 'base_unusable');
    assert.match(error.message, /"images\/base\.qcow2"/);
    assert.ok(!JSON.stringify([error.message, error.facts]).includes(tmpdir()));
    return true;
  });
});
