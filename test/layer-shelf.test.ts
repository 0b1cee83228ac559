import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, link, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import Sqlite from 'better-sqlite3';
import { cleanupStack } from '../src/base/cleanup.ts';
import { layerBounds } from '../src/base/bounds.ts';
import { aLayer, keep, keyOf, layerBytes, roomyDesk, shelfIn, type ShelfDesk } from './layer-shop.ts';
import { aBuild, claimed, failsAs, storeShop } from './store-shop.ts';

const never = new AbortController().signal;

/** A shelf, its folder, and what a test may set. */
const shop = async (first: Partial<ShelfDesk> = {}) => {
  const cleanup = cleanupStack();
  const root = await mkdtemp(join(tmpdir(), 'imaged-layers-'));
  cleanup.defer(() => rm(root, { recursive: true }));
  const stores = cleanup.keep(await storeShop());
  let desk: ShelfDesk = { ...roomyDesk, ...first };
  const shelf = shelfIn(root, stores.store, () => desk, stores.clock);
  return {
    ...{ ...shelf, root, stores },
    set: (change: Partial<ShelfDesk>) => void (desk = { ...desk, ...change }),
    keys: async () => (await readdir(root)).toSorted(),
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(keyOf) as [string, string, string, string];

test('a committed layer is found, read-only, durable in its folder, and handed out with its facts', async () => {
  await using it = await shop();
  const made = await keep(it.shelf, a);
  assert.deepEqual([...(await it.shelf.known([a, b])).keys()], [a]);
  const { mode } = await stat(join(it.root, a));
  assert.equal(mode & 0o777, 0o700);
  assert.equal((await stat(join(it.root, a, 'disk0.qcow2'))).mode & 0o777, 0o400);
  await using held = await it.shelf.take(a, 'user');
  assert.ok(held);
  assert.equal(held.folder, join(it.root, a));
  const { usedAt, ...rest } = held.layer;
  assert.deepEqual({ ...rest, usedAt: made.usedAt, uses: 0 }, made);
  assert.ok(usedAt >= made.usedAt);
  assert.deepEqual(held.layer.facts, { login: 'root', password: 'hunter22' });
  assert.deepEqual([held.layer.uses, held.layer.depth, held.layer.bytes >= layerBytes], [1, 1, true]);
  assert.deepEqual(it.figures, { hits: 1, misses: 0, saved: 60 });
});

test('what a layer tells of the login stands nowhere in the store as it is', async () => {
  await using it = await shop();
  await keep(it.shelf, a, { facts: { password: 'correct-horse-battery' } });
  using raw = { db: new Sqlite(it.stores.file), [Symbol.dispose]: () => void raw.db.close() };
  const { facts } = raw.db.prepare('SELECT facts FROM layer').get() as { facts: string };
  assert.doesNotMatch(facts, /correct|horse/);
  assert.deepEqual((await it.shelf.find(a))?.facts, { password: 'correct-horse-battery' });
});

test('a layer in the making that is not committed leaves nothing, and a key is made by one at a time', async () => {
  await using it = await shop();
  {
    await using making = await it.shelf.begin(a, layerBytes);
    assert.ok(making);
    await writeFile(join(making.folder, 'disk'), 'half');
    assert.equal(await it.shelf.begin(a, layerBytes), undefined);
    assert.equal((await it.shelf.known([a])).size, 0);
  }
  assert.deepEqual(await it.keys(), []);
  await keep(it.shelf, a);
  assert.equal(await it.shelf.begin(a, layerBytes), undefined, 'it is kept already');
});

test('a commit that is cancelled, or of what is no file, keeps no layer', async () => {
  await using it = await shop();
  {
    await using making = await it.shelf.begin(a, layerBytes);
    assert.ok(making);
    await writeFile(join(making.folder, 'disk'), 'whole');
    const gone = new AbortController();
    gone.abort(new Error('the build was cancelled'));
    await assert.rejects(making.commit(aLayer(), gone.signal), /cancelled/);
  }
  await assert.rejects(keep(it.shelf, b, { facts: 'x'.repeat(layerBounds.factsBytes) }), failsAs('internal'));
  await assert.rejects(it.shelf.begin('../../etc', 1), /is no key/);
  assert.deepEqual([await it.keys(), (await it.shelf.list({}, { limit: 9 })).items], [[], []]);
});

test('what is let go while it is committed is a whole layer, or none', async () => {
  await using it = await shop();
  const making = await it.shelf.begin(a, layerBytes);
  assert.ok(making);
  await writeFile(join(making.folder, 'disk'), randomBytes(layerBytes));
  const committing = making.commit(aLayer(), never);
  await making[Symbol.asyncDispose]();
  await (await committing)[Symbol.asyncDispose]();
  await using held = await it.shelf.take(a, 'user');
  assert.ok(held);
});

test('a chain has depths, expires with what lies beneath, and cannot be built over what is gone', async () => {
  await using it = await shop();
  const soon = it.stores.clock.now() + 1000;
  await keep(it.shelf, a, { expiresAt: soon });
  const over = await keep(it.shelf, b, { parent: a });
  assert.deepEqual([over.depth, over.parent, over.expiresAt], [2, a, soon]);
  await assert.rejects(keep(it.shelf, d, { parent: c }), failsAs('layer_missing'));
  assert.deepEqual(await it.keys(), [a, b]);
  it.stores.clock.time = soon;
  assert.equal((await it.shelf.known([a, b])).size, 0);
  assert.equal(await it.shelf.take(b, 'user'), undefined);
  assert.deepEqual(await it.keys(), [], 'what has expired is removed');
});

test('what has expired, or was discarded, is made again at once; what a build uses is not discarded', async () => {
  await using it = await shop();
  const soon = it.stores.clock.now() + 1000;
  await keep(it.shelf, a, { expiresAt: soon });
  it.stores.clock.time = soon;
  const again = await keep(it.shelf, a);
  assert.ok((again.expiresAt ?? 0) > soon);
  {
    await using held = await it.shelf.take(a, 'user');
    assert.ok(held);
    await it.shelf.discard(a);
    assert.deepEqual(await it.keys(), [a]);
    assert.equal(await it.shelf.take(a, 'another'), undefined, 'it is given to no other build meanwhile');
  }
  assert.equal(await it.shelf.take(a, 'another'), undefined);
  assert.deepEqual(await it.keys(), []);
  await it.shelf.discard(a);
  await keep(it.shelf, a);
  await using held = await it.shelf.take(a, 'another');
  assert.ok(held);
});

test('a discarded layer that made room for others is forgotten: the next of its key is given to builds', async () => {
  await using it = await shop();
  await keep(it.shelf, a);
  {
    await using held = await it.shelf.take(a, 'user');
    assert.ok(held);
    await it.shelf.discard(a);
  }
  await it.shelf.removeAll();
  await keep(it.shelf, a);
  await using held = await it.shelf.take(a, 'another');
  assert.ok(held);
});

test('the least recently used goes first, never one that is held, in the making or beneath another', async () => {
  await using it = await shop();
  for (const key of [a, b, c]) {
    it.stores.clock.time += 10;
    await keep(it.shelf, key, key === b ? { parent: a } : {});
  }
  const { bytes } = await it.shelf.totals();
  // Of b, which lies over a, so that c is the least recently used.
  it.stores.clock.time += 10;
  await (await it.shelf.take(b, 'user'))?.[Symbol.asyncDispose]();
  it.set({ bytes });
  await keep(it.shelf, d);
  assert.deepEqual(await it.keys(), [a, b, d]);
  {
    await using held = await it.shelf.take(b, 'user');
    assert.ok(held);
    it.set({ bytes: 1 });
    await it.shelf.prune();
    assert.deepEqual(await it.keys(), [a, b], 'd alone could go');
    await assert.rejects(it.shelf.remove(b, 'over'), failsAs('layer_in_use'));
    await assert.rejects(it.shelf.remove(a, 'over'), failsAs('layer_in_use'));
    assert.deepEqual(await it.shelf.removeAll(), { layers: 0, bytes: 0 });
  }
  await it.shelf.prune();
  assert.deepEqual(await it.keys(), []);
});

test('a layer is not begun, and no other evicted, where there is no room for it', async () => {
  await using it = await shop({ bytes: 4 * layerBytes });
  await keep(it.shelf, a);
  assert.equal(await it.shelf.begin(b, 5 * layerBytes), undefined, 'more than the size');
  it.set({ spareBytes: 2 * layerBytes });
  assert.equal(await it.shelf.begin(b, 3 * layerBytes), undefined, 'more than the disk');
  await using first = await it.shelf.begin(b, layerBytes);
  assert.ok(first);
  assert.deepEqual(await it.keys(), [a, b]);
  await using second = await it.shelf.begin(c, layerBytes);
  assert.ok(second, 'a goes for it');
  assert.deepEqual(await it.keys(), [b, c]);
  assert.equal(await it.shelf.begin(d, layerBytes), undefined, 'those in the making are counted');
});

test('a layer that has become larger than all that could be had is not kept, and evicts no other', async () => {
  await using it = await shop({ bytes: 4 * layerBytes });
  await keep(it.shelf, a);
  {
    await using making = await it.shelf.begin(b, 0);
    assert.ok(making);
    await writeFile(join(making.folder, 'disk'), randomBytes(5 * layerBytes));
    await assert.rejects(making.commit(aLayer(), never), failsAs('storage_full'));
  }
  assert.deepEqual(await it.keys(), [a]);
});

test('a file that another folder shares keeps its mode, and counts as nothing that deleting the layer frees', async () => {
  await using it = await shop();
  const artifact = join(it.stores.folder, 'artifact');
  await writeFile(artifact, randomBytes(layerBytes), { mode: 0o640 });
  await chmod(artifact, 0o640);
  await using making = await it.shelf.begin(a, layerBytes);
  assert.ok(making);
  await link(artifact, join(making.folder, 'artifact'));
  await (await making.commit(aLayer(), never))[Symbol.asyncDispose]();
  assert.equal((await stat(artifact)).mode & 0o777, 0o640);
  const { bytes, freeable } = await it.shelf.totals();
  assert.deepEqual([bytes >= layerBytes, freeable], [true, { bytes, ownBytes: 0 }]);
  it.set({ spareBytes: 0 });
  assert.equal(await it.shelf.begin(b, layerBytes), undefined, 'no room would come of a');
  assert.deepEqual(await it.keys(), [a]);
  await it.shelf.removeAll();
  assert.equal((await stat(artifact)).nlink, 1);
});

test('what a build has made into a layer is its own until it has ended', async () => {
  await using it = await shop();
  await using making = await it.shelf.begin(a, layerBytes);
  assert.ok(making);
  await writeFile(join(making.folder, 'disk'), randomBytes(layerBytes));
  const held = await making.commit(aLayer({ buildId: 'maker' }), never);
  await using _other = await it.shelf.take(a, 'user');
  const { bytes, freeable, madeBytes } = await it.shelf.totals();
  assert.deepEqual([freeable.bytes, madeBytes], [0, bytes]);
  await held[Symbol.asyncDispose]();
  assert.equal((await it.shelf.totals()).madeBytes, 0);
});

test('layers give way until builds have what they were promised, and no further', async () => {
  await using it = await shop();
  for (const key of [a, b, c]) {
    it.stores.clock.time += 10;
    await keep(it.shelf, key);
  }
  const { bytes } = await it.shelf.totals();
  it.set({ spareBytes: bytes - 1 });
  assert.equal((await it.shelf.giveWay()).layers, 1);
  assert.deepEqual(await it.keys(), [b, c]);
  assert.equal((await it.shelf.giveWay()).layers, 0);
});

test('a layer with another beneath that is not whole is not handed out, and goes with all that lie over it', async () => {
  await using it = await shop();
  await keep(it.shelf, a);
  await keep(it.shelf, b, { parent: a });
  await keep(it.shelf, c, { parent: b });
  await keep(it.shelf, d);
  await truncate(join(it.root, a, 'disk0.qcow2'), 10);
  assert.equal(await it.shelf.take(c, 'user'), undefined);
  assert.deepEqual(await it.keys(), [d]);
  assert.match(it.warnings.join(), /not whole/);
  assert.equal(it.figures.hits, 0);
});

test('one layer alone is removed only where none lies over it', async () => {
  await using it = await shop();
  await keep(it.shelf, a);
  await keep(it.shelf, b, { parent: a });
  await assert.rejects(it.shelf.remove(a, 'alone'), failsAs('layer_in_use'));
  assert.equal((await it.shelf.remove(a, 'over'))?.layers, 2);
  assert.equal(await it.shelf.remove(a, 'over'), undefined);
  assert.deepEqual(await it.keys(), []);
});

test('verifying names every file that is not what it was, and nothing else', async () => {
  await using it = await shop();
  for (const key of [a, b, c]) await keep(it.shelf, key);
  const findings: string[] = [];
  const verify = () => it.shelf.verify(({ key, file, message }) => findings.push(`${key}/${file} ${message}`), never);
  assert.equal(await verify(), 3);
  assert.deepEqual(findings, []);
  await chmod(join(it.root, b, 'disk0.qcow2'), 0o600);
  await writeFile(join(it.root, b, 'disk0.qcow2'), Buffer.alloc(layerBytes));
  await rm(join(it.root, c, 'disk0.qcow2'));
  await verify();
  assert.equal(findings.length, 2);
  assert.match(findings.join('\n'), new RegExp(`^${c}/disk0.qcow2 is gone$`, 'm'));
  assert.match(findings.join('\n'), new RegExp(`^${b}/disk0.qcow2 has the SHA-256 `, 'm'));
});

test('where the cache is off nothing is found, handed out or made, and what is kept stays', async () => {
  await using it = await shop();
  await keep(it.shelf, a);
  it.set({ isOn: false });
  assert.equal((await it.shelf.known([a])).size, 0);
  assert.equal(await it.shelf.take(a, 'user'), undefined);
  assert.equal(await it.shelf.begin(b, 1), undefined);
  assert.equal((await it.shelf.list({}, { limit: 9 })).items.length, 1);
});

test('the nearest layers are those with the same parent, then the newest', async () => {
  await using it = await shop();
  await keep(it.shelf, a);
  await keep(it.shelf, b, { parent: a, step: 'script' });
  await keep(it.shelf, c, { step: 'script' });
  await keep(it.shelf, d, { step: 'script', templateName: 'other' });
  const keys = async (parent: string | undefined) =>
    (await it.shelf.nearest('tiny', 'script', parent)).map(({ key }) => key);
  assert.deepEqual(await keys(a), [b, c]);
  assert.deepEqual(await keys(undefined), [c, b]);
});

test('a hold outlives the daemon as long as its build runs', async () => {
  await using it = await shop();
  const { build } = await it.stores.store.add(aBuild());
  const claim = await claimed(it.stores.store);
  assert.equal(claim.build.id, build.id);
  for (const key of [a, b]) await keep(it.shelf, key);
  assert.ok(await it.shelf.take(a, build.id));
  assert.ok(await it.shelf.take(b, 'a build that has ended'));
  const next = shelfIn(it.root, await it.stores.reopen(), () => roomyDesk, it.stores.clock).shelf;
  await next.settle();
  await next.removeAll();
  assert.deepEqual(await it.keys(), [a]);
});

test('what an earlier daemon was making goes at the next start, unless a build goes on that adopts it', async () => {
  await using it = await shop();
  for (const key of [a, b]) {
    const making = (await it.shelf.begin(key, 0)) ?? assert.fail();
    await writeFile(join(making.folder, 'disk0.qcow2'), 'what a guest wrote');
    assert.equal(await it.shelf.adopt(key), undefined, 'it is being made');
  }
  const store = await it.stores.reopen();
  const again = () => shelfIn(it.root, store, () => roomyDesk, it.stores.clock).shelf;
  const next = again();
  assert.deepEqual((await next.settle(new Set([a]))).unfinished, [b]);
  assert.equal(await next.adopt(b), undefined);
  await using adopted = (await next.adopt(a)) ?? assert.fail();
  assert.equal(await next.begin(a, 0), undefined);
  await using held = await adopted.commit(aLayer(), new AbortController().signal);
  assert.deepEqual(held.layer.files.map(({ name }) => name), ['disk0.qcow2']); // prettier-ignore
  assert.equal(await next.adopt(a), undefined, 'it is a layer');
  await next.settle();
  assert.ok(await next.look(a));

  // One that is adopted and not finished leaves nothing.
  const last = (await next.begin(b, 0)) ?? assert.fail();
  const third = again();
  await third.settle(new Set([b]));
  await (await third.adopt(b))?.[Symbol.asyncDispose]();
  assert.equal(existsSync(last.folder), false);
});

test('two of one build that hold a layer both have to let go of it', async () => {
  await using it = await shop();
  await keep(it.shelf, a);
  const [one, other] = [await it.shelf.take(a, 'user'), await it.shelf.take(a, 'user')];
  await one?.[Symbol.asyncDispose]();
  await one?.[Symbol.asyncDispose]();
  await assert.rejects(it.shelf.remove(a, 'alone'), failsAs('layer_in_use'));
  await other?.[Symbol.asyncDispose]();
  assert.equal((await it.shelf.remove(a, 'alone'))?.layers, 1);
});

test('one at a time makes a key, in the order in which they asked, and one that leaves is passed over', async () => {
  await using it = await shop();
  const first = await it.shelf.turn(a, never);
  const other = await it.shelf.turn(b, never);
  const order: string[] = [];
  const leaving = new AbortController();
  const waiting = ['one', 'two', 'three'].map(async (name) => {
    using _turn = await it.shelf.turn(a, name === 'two' ? leaving.signal : never);
    order.push(name);
  });
  leaving.abort(new Error('cancelled'));
  await assert.rejects(waiting[1] ?? Promise.resolve(), /cancelled/);
  assert.deepEqual(order, []);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  await Promise.allSettled(waiting);
  assert.deepEqual(order, ['one', 'three']);
  other[Symbol.dispose]();
  using _again = await it.shelf.turn(a, AbortSignal.timeout(10_000));
});

test('20 keys are looked up among 10,000 layers within 5 ms, and the least recently used is found as quickly', async (t) => {
  await using it = await shop();
  const { layers } = it.stores.store;
  const keys = Array.from({ length: 10_000 }, (_, n) => keyOf(String(n).padStart(32, '0')));
  const ingredients = Array.from({ length: 20 }, (_, n) => ({ name: `provisioners/${n}`, digest: 'ab'.repeat(32) }));
  await Promise.all(
    keys.map(async (key, n) => {
      const parent = n % 4 === 0 ? undefined : keys[n - 1];
      const own = { key, bytes: 1, ownBytes: 1, files: [], ingredients, facts: { n }, buildId: `b${n}` };
      await layers.add({ ...aLayer(), ...own, ...(parent === undefined ? {} : { parent }) });
    }),
  );
  // None of these builds is there.
  await layers.releaseEnded();
  const asked = keys.filter((_, n) => n % 500 === 3).slice(0, 20);
  const took = async (work: () => Promise<unknown>) => {
    // The best of several: what is measured is the work, not what else the host does.
    let best = Infinity;
    for (let n = 0; n < 10; n++) {
      const began = performance.now();
      await work();
      best = Math.min(best, performance.now() - began);
    }
    return best;
  };
  assert.equal((await it.shelf.known(asked)).size, 20);
  const lookMs = await took(() => it.shelf.known(asked));
  const totalsMs = await took(() => it.shelf.totals());
  const evictMs = await took(() => layers.doomNext('all'));
  t.diagnostic(
    `looked up in ${lookMs.toFixed(2)} ms, summed in ${totalsMs.toFixed(2)}, doomed in ${evictMs.toFixed(2)}`,
  );
  assert.ok(lookMs <= 5 && totalsMs <= 5, `${lookMs} ms, ${totalsMs} ms`);
});
