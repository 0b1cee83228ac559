import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prune } from '../src/queue/retention.ts';
import { aBuild, anArtifact, claimed, failsAs, storeShop, type Shop } from './store-shop.ts';

const never = new AbortController().signal;

/** A build that went well and published `disk.qcow2`. */
const succeeded = async ({ store }: Shop): Promise<string> => {
  const { build } = await store.add(aBuild());
  const { token } = await claimed(store);
  await store.finish(build.id, token, { status: 'succeeded', artifacts: [anArtifact('disk.qcow2')] });
  return build.id;
};

const pruneAll = async ({ store, clock }: Shop): Promise<readonly string[]> => {
  const removed: string[] = [];
  const policy = () => ({ keep: 0, days: 0, keepGood: 0, rules: [] });
  const removeFiles = async (id: string) => void removed.push(id);
  await prune({ store, removeFiles, policy, clock, log: { warn: () => undefined } }, never);
  return removed;
};

test('a build whose artifact a queued build begins with is neither pruned nor deleted, and may be once that has ended', async () => {
  await using shop = await storeShop();
  const base = await succeeded(shop);
  const plain = await succeeded(shop);
  const { build: child } = await shop.store.add(aBuild({ bases: { 'latest:tiny': base } }));
  shop.clock.time += 1;
  assert.deepEqual(await pruneAll(shop), [plain]);
  assert.equal(await shop.store.beginRemoval(base), false);
  await assert.rejects(shop.store.remove(base), failsAs('base_in_use'));
  assert.deepEqual((await shop.store.input(child.id))?.bases, { 'latest:tiny': base });
  const [queued] = await shop.store.events(child.id, 0, 1);
  assert.deepEqual(queued?.data['bases'], [{ asked: 'latest:tiny', build: base }]);
  await shop.store.cancel(child.id);
  shop.clock.time += 1;
  assert.deepEqual((await pruneAll(shop)).toSorted(), [base, child.id].toSorted());
});

test('no build is accepted that begins with one that is gone, or whose files are being deleted', async () => {
  await using shop = await storeShop();
  const base = await succeeded(shop);
  assert.equal(await shop.store.beginRemoval(base), true);
  for (const id of [base, aBuild().id])
    await assert.rejects(shop.store.add(aBuild({ bases: { [id]: id } })), failsAs('template_invalid'));
  assert.equal((await shop.store.counts()).queued, 0);
});
