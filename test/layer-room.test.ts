import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanupStack } from '../src/base/cleanup.ts';
import { Fault } from '../src/base/fault.ts';
import { layersGiveWay } from '../src/wiring/layers-give-way.ts';
import { keep, keyOf, roomyDesk, shelfIn } from './layer-shop.ts';
import { failsAs, storeShop } from './store-shop.ts';

const mb = 2 ** 20;

/** A disk of so many MiB beside its reserve, with layers on it, and the capacity that builds are told of. */
const disk = async (wholeMb: number) => {
  const cleanup = cleanupStack();
  const root = await mkdtemp(join(tmpdir(), 'imaged-layers-'));
  cleanup.defer(() => rm(root, { recursive: true }));
  const { store } = cleanup.keep(await storeShop());
  let size = wholeMb;
  const { shelf } = shelfIn(root, store, () => ({ ...roomyDesk, spareBytes: size * mb }));
  const roomMb = async () => size - (await shelf.totals()).bytes / mb;
  const bare = {
    whole: async () => ({ memoryMb: 1024, diskMb: wholeMb }),
    now: async () => ({ memoryMb: 1024, diskMb: Math.floor(await roomMb()) }),
    roomMb,
    checkRoom: async (bytes = 0) => {
      if ((await roomMb()) * mb <= bytes) throw new Fault('storage_full', 'The disk is full.');
    },
  };
  return {
    ...{ shelf, capacity: layersGiveWay(bare, shelf, () => 1) },
    shrink: (to: number) => void (size = to),
    keys: async () => (await readdir(root)).toSorted(),
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};

const [a, b] = ['a', 'b'].map(keyOf) as [string, string];

test('layers that no build uses count as room for builds, and those that one uses do not', async () => {
  await using it = await disk(100);
  for (const key of [a, b]) await keep(it.shelf, key, {}, 4 * mb);
  assert.deepEqual(await it.capacity.now(), { memoryMb: 1024, diskMb: 100 });
  await using held = await it.shelf.take(a, 'user');
  assert.ok(held);
  assert.deepEqual(await it.capacity.now(), { memoryMb: 1024, diskMb: 96 });
  assert.equal(await it.capacity.roomMb(), 96);
});

test('what a client sends is taken where layers can give way to it, and only as many go', async () => {
  await using it = await disk(100);
  for (const key of [a, b]) await keep(it.shelf, key, {}, 4 * mb);
  it.shrink(8);
  await it.capacity.checkRoom(2 * mb);
  assert.deepEqual(await it.keys(), [b]);
  await assert.rejects(it.capacity.checkRoom(20 * mb), failsAs('storage_full'));
  assert.deepEqual(await it.keys(), [b], 'all would not have been enough');
  it.shrink(0);
  await assert.rejects(it.capacity.checkRoom(), failsAs('storage_full'));
  assert.deepEqual(await it.keys(), []);
});
