import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nameFrom } from '../src/base/file/name-from.ts';
import { flatBytes, flattening, longest } from '../src/build/layers/flatten.ts';
import { restDisks, restedIn } from '../src/build/layers/rest-disks.ts';
import { chainOf, imageBeneath, nameBacking } from '../src/image/disk/backing.ts';
import { nameRest } from '../src/vmm/qemu/keep/disks.ts';
import { makeQemuDisks } from '../src/vmm/qemu/disks.ts';
import type { Disk } from '../src/vmm/types.ts';
import { cutOf, scribble } from './flatten-shop.ts';

const never = new AbortController().signal;
const disks = makeQemuDisks('qemu-img');
const hypervisor = { ...disks, chains: { most: 3, over: ['raw', 'qcow2'] } as const };

/** A data_dir with a workspace. */
const shop = async () => {
  const home = await mkdtemp(join(tmpdir(), 'layer-chains-'));
  const data = join(home, 'data');
  const workspace = join(data, 'work', 'imaged-0');
  await mkdir(workspace, { recursive: true });
  return {
    ...{ home, data, workspace },
    layer: async (key: string) => {
      const folder = join(data, 'layers', key);
      await mkdir(folder, { recursive: true });
      return folder;
    },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true }),
  };
};

const contentOf = async (disk: Disk, home: string): Promise<Buffer> => {
  const to = join(home, `flat-${Math.random()}`);
  await disks.convertDisk(disk, { path: to, format: 'raw' }, never);
  return readFile(to);
};

/** The disk of a workspace over so many layers, each of which has written something else. */
const chained = async (it: Awaited<ReturnType<typeof shop>>, layers: number): Promise<Disk> => {
  let disk: Disk = { path: join(it.workspace, 'disk0.qcow2'), format: 'qcow2' };
  await disks.createDisk({ ...disk, sizeMb: 8 }, never);
  for (let at = 0; at < layers; at++) {
    await scribble(disk, at + 1, 6 - at);
    const tools = { hypervisor, signal: never } as unknown as Parameters<typeof restDisks>[3];
    const over = await restDisks(
      { workspace: it.workspace, disks: [disk] },
      cutOf(at),
      await it.layer(`key${at}`),
      tools,
    );
    disk = over[0] ?? assert.fail();
  }
  return disk;
};

test('a name is relative below the folder two above, and whole elsewhere', () => {
  assert.equal(nameFrom('/data/layers/b', '/data/layers/a/disk0.qcow2'), '../a/disk0.qcow2');
  assert.equal(nameFrom('/data/layers/b', '/data/builds/x/disk'), '../../builds/x/disk');
  assert.equal(nameFrom('/data/layers/b', '/database/disk'), '/database/disk');
  assert.equal(nameFrom('/layers/b', '/media/disk'), '/media/disk');
});

test('layers over each other are the same when data_dir has moved, from their disks at rest', async () => {
  await using it = await shop();
  const disk = await chained(it, 3);
  const rested = { path: join(it.data, 'layers/key2/disk0.qcow2'), format: 'qcow2' } as const;
  const before = await contentOf(disk, it.home);
  assert.equal((await chainOf(rested)).length, 3);
  await rename(it.data, join(it.home, 'moved'));
  const moved = { path: join(it.home, 'moved/layers/key2/disk0.qcow2'), format: 'qcow2' } as const;
  assert.deepEqual(
    (await chainOf(moved)).map((path) => path.replace(it.home, '')),
    [2, 1, 0].map((at) => `/moved/layers/key${at}/disk0.qcow2`),
  );
  const over: Disk = { path: join(it.home, 'over.qcow2'), format: 'qcow2', base: { ...moved, layers: 'chain' } };
  await disks.createDisk(over, never);
  assert.ok(before.equals(await contentOf(over, it.home)));
});

test('so are those of machines that were kept while they ran', async () => {
  await using it = await shop();
  const base: Disk = { path: join(await it.layer('key0'), 'disk0.qcow2'), format: 'qcow2' };
  await disks.createDisk({ ...base, sizeMb: 8 }, never);
  const disk: Disk = { path: join(it.workspace, 'disk0.qcow2'), format: 'qcow2', base: { ...base, layers: 'chain' } };
  await disks.createDisk(disk, never);
  await nameRest(disk, join(await it.layer('key1'), 'disk0.qcow2'));
  await rm(it.workspace, { recursive: true });
  await rename(it.data, join(it.home, 'moved'));
  const moved = { path: join(it.home, 'moved/layers/key1/disk0.qcow2'), format: 'qcow2' } as const;
  assert.equal((await imageBeneath(moved))?.path, join(it.home, 'moved/layers/key0/disk0.qcow2'));
});

test('a disk that could not be put to rest is where it was, over what it lay over', async () => {
  await using it = await shop();
  const disk = await chained(it, 1);
  await scribble(disk, 9, 2);
  const before = await contentOf(disk, it.home);
  const broken = { ...hypervisor, createDisk: () => Promise.reject(new Error('no room')) };
  const tools = { hypervisor: broken, signal: never } as unknown as Parameters<typeof restDisks>[3];
  const folder = await it.layer('key1');
  await assert.rejects(restDisks({ workspace: it.workspace, disks: [disk] }, cutOf(1), folder, tools), /no room/);
  assert.ok(before.equals(await contentOf(disk, it.home)));
});

test('a chain that has come to its bound is flattened into one image, the same for whoever lies over it', async () => {
  await using it = await shop();
  const short = await chained(it, 2);
  const two: Disk = { path: join(it.data, 'layers/key1/disk0.qcow2'), format: 'qcow2' };
  assert.deepEqual([await longest([two]), await flatBytes([two], hypervisor)], [2, 0]);
  assert.deepEqual(await flattening(join(it.data, 'layers/key1'), [two], hypervisor), {});
  await rm(short.path);
  await rm(join(it.data, 'layers'), { recursive: true });

  const disk = await chained(it, 3);
  const before = await contentOf(disk, it.home);
  const folder = join(it.data, 'layers/key2');
  const beneath = { path: join(it.data, 'layers/key1/disk0.qcow2'), format: 'qcow2', layers: 'chain' } as const;
  const rested = restedIn(folder, [{ path: join(it.workspace, 'gone.qcow2'), format: 'qcow2', base: beneath }]);
  assert.ok((await flatBytes(rested, hypervisor)) > 6 * 64 * 1024);
  const { flatten } = await flattening(folder, rested, hypervisor);
  await flatten?.(never);
  assert.deepEqual([await longest(rested), await longest([disk])], [1, 2]);
  assert.ok(before.equals(await contentOf(disk, it.home)));
  await rm(join(it.data, 'layers/key0'), { recursive: true });
  await rm(join(it.data, 'layers/key1'), { recursive: true });
  assert.ok(before.equals(await contentOf(disk, it.home)), 'nothing beneath is needed any more');
});

test('a name for the image beneath that has no room in the header is refused, and the image stays as it was', async () => {
  await using it = await shop();
  const disk = await chained(it, 1);
  const before = await readFile(disk.path);
  await assert.rejects(nameBacking(disk.path, `/${'x'.repeat(1100)}`), /has no room in its header/);
  assert.ok(before.equals(await readFile(disk.path)));
  await writeFile(join(it.workspace, 'plain'), 'no image');
  assert.equal(await imageBeneath({ path: join(it.workspace, 'plain'), format: 'raw' }), undefined);
});
