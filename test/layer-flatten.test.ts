import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/base/clock.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { deferred } from '../src/base/waiting.ts';
import { makeBackground } from '../src/build/layers/background.ts';
import { makeKeepingCosts } from '../src/build/layers/costs.ts';
import { makeLayering } from '../src/build/layers/make-layering.ts';
import { takeAgain } from '../src/build/layers/take-again.ts';
import { keysBeneath } from '../src/build/take-up/journal.ts';
import { chainOf } from '../src/image/disk/backing.ts';
import { isLong } from './fixtures/hypervisor.ts';
import { cutOf, flatteningAfter, keptTimes, scribbled, scribbledBy } from './flatten-shop.ts';
import { keyOf, shelfIn } from './layer-shop.ts';
import { failsAs, storeShop } from './store-shop.ts';

const kills = isLong ? 20 : 3;

const never = new AbortController().signal;
const child = fileURLToPath(new URL('flatten-child.js', import.meta.url));
const [first, second, third] = [cutOf(0), cutOf(1), cutOf(2)];

const shop = async () => {
  const cleanup = cleanupStack();
  const data = await mkdtemp(join(tmpdir(), 'imaged-flatten-'));
  cleanup.defer(() => rm(data, { recursive: true }));
  const stores = cleanup.keep(await storeShop());
  const root = join(data, 'layers');
  const { shelf } = shelfIn(root, stores.store);
  const workspace = join(data, 'work/imaged-0');
  return { data, root, shelf, stores, workspace, [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose]() };
};

/** Nothing but whole layers is left, none of which a build uses. */
const checkWhole = async ({ shelf, root }: Pick<Awaited<ReturnType<typeof shop>>, 'shelf' | 'root'>): Promise<void> => {
  const findings: unknown[] = [];
  const layers = await shelf.verify((finding) => findings.push(finding), never);
  assert.deepEqual(findings, []);
  assert.equal((await readdir(root)).length, layers, 'a folder was left');
  const { bytes, freeable } = await shelf.totals();
  assert.equal(freeable.bytes, bytes, 'a hold was left');
};

/** What the flattened disk of a layer has of its own, with nothing beneath it. */
const contentOf = ({ root, data }: Awaited<ReturnType<typeof shop>>, key: string) =>
  scribbled(join(root, key, 'disk0.qcow2'), join(data, 'raw'));

test('a layer is flattened while its build goes on, and after it: then nothing is beneath it', async () => {
  await using it = await shop();
  const background = makeBackground();
  const gate = deferred<void>();
  const { layering, events, end, disk } = await keptTimes(3, { ...it, background }, () => gate.promise);
  await layering.ended();
  await end();
  assert.deepEqual(events, ['layer.kept', 'layer.kept'], 'the build did not wait for the third');
  assert.equal(await it.shelf.find(third.key), undefined);
  await assert.rejects(it.shelf.remove(second.key, 'alone'), failsAs('layer_in_use'));
  gate.resolve();
  await layering.settled();
  await using _held = await it.shelf.take(third.key, 'other');
  const { depth, parent } = (await it.shelf.find(third.key)) ?? assert.fail();
  assert.deepEqual([depth, parent, (await chainOf(disk)).length], [1, undefined, 2]);
  await background[Symbol.asyncDispose]();
  await it.shelf.remove(first.key, 'over');
  assert.deepEqual(await readdir(it.root), [third.key]);
  assert.deepEqual(await contentOf(it, third.key), scribbledBy(3));
});

test('a layer that was being flattened when its daemon ended is finished by the next one, after the end of its build too', async () => {
  await using it = await shop();
  const [oldGate, gate] = [deferred<void>(), deferred<void>()];
  const old = makeBackground();
  const { layering: left, disk } = await keptTimes(3, { ...it, background: old }, () => oldGate.promise);
  await left.ended();

  const { shelf } = shelfIn(it.root, await it.stores.reopen());
  const facts = { disks: [{ file: 'disk0.qcow2', format: 'qcow2' }], hasKey: false, hasVariables: false, downloads: [], sets: [] }; // prettier-ignore
  const ended = [first, second, third].map(({ key, step }, at) => ({
    ...{ name: `keep-after-${step}`, startedAt: at * 1000, endedAt: at * 1000 + 500 },
    gives: { disks: [{ base: { path: join(it.root, key, 'disk0.qcow2') } }], kept: { key, step, facts } },
  }));
  await shelf.settle(new Set(keysBeneath({ ended })));
  // The next one is another imaged, which has other keys for the same.
  const others = [first, second, third].map((cut) => ({ ...cut, key: keyOf(`other ${cut.step}`) }));
  const again = await takeAgain({ shelf, hypervisor: flatteningAfter(() => gate.promise) }, 'maker', others, { startedAt: 0, ended }); // prettier-ignore
  assert.deepEqual(again.cuts, [first, second, third]);
  assert.deepEqual([again.from, again.before.held.length, again.before.unfinished.length], [undefined, 2, 1]);
  const background = makeBackground();
  const cleanup = cleanupStack();
  for (const held of again.before.held) cleanup.keep(held);
  const attempt = {
    claim: { build: { id: 'maker', templateName: 'tiny' } },
    signal: never,
    event: () => undefined,
    log: () => undefined,
  } as unknown as Parameters<typeof makeLayering>[0];
  const parts = {
    shelf,
    clock: systemClock,
    costs: makeKeepingCosts(),
    background,
    memoryMb: 256,
    provisioners: 3,
    isStill: async () => true,
  };
  const given = { ...again, constant: new Set<string>(), turns: new Map<string, Disposable>() };
  const layering = makeLayering(attempt, cleanup, given, parts);
  await layering.ended();
  await cleanup[Symbol.asyncDispose]();
  assert.equal(await shelf.find(third.key), undefined);
  gate.resolve();
  await layering.settled();
  const { depth, parent, seconds } = (await shelf.find(third.key)) ?? assert.fail();
  assert.deepEqual([depth, parent, seconds, (await chainOf(disk)).length], [1, undefined, 2, 2]);
  await background[Symbol.asyncDispose]();
  await checkWhole({ ...it, shelf });
  assert.deepEqual(await contentOf(it, third.key), scribbledBy(3));
  // What stands for the daemon that is gone.
  oldGate.resolve();
  await old[Symbol.asyncDispose]();
});

test('a daemon that stops ends what is being flattened, and nothing of it is left', async () => {
  await using it = await shop();
  const background = makeBackground();
  const begun = deferred<void>();
  const gate = deferred<void>();
  const { layering, end } = await keptTimes(3, { ...it, background }, async () => {
    begun.resolve();
    await gate.promise;
  });
  await begun.promise;
  await layering.ended();
  await end();
  const stopping = background[Symbol.asyncDispose]();
  gate.resolve();
  await stopping;
  assert.deepEqual((await readdir(it.root)).toSorted(), [first.key, second.key].toSorted());
  await checkWhole(it);
});

test('kills in the middle of flattening leave whole layers and no other file', async (t) => {
  await using it = await shop();
  await it.stores.store[Symbol.asyncDispose]();
  let flat = 0;
  for (let kill = 0; kill < kills; kill++) {
    const maker = spawn(process.execPath, [child, it.stores.file, it.data], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(maker, 'exit');
    const lines = createInterface({ input: maker.stdout });
    await once(lines, 'line');
    await systemClock.sleep(Math.random() * 200, never);
    maker.kill('SIGKILL');
    assert.deepEqual(await exited, [null, 'SIGKILL']);
    const store = await it.stores.reopen();
    const { shelf } = shelfIn(it.root, store);
    assert.deepEqual((await shelf.settle()).broken, []);
    await checkWhole({ shelf, root: it.root });
    const kept = await shelf.find(third.key);
    if (kept !== undefined) flat++;
    assert.equal(kept?.depth ?? 1, 1);
    await shelf.removeAll();
    await store[Symbol.asyncDispose]();
    await rm(join(it.data, 'work'), { recursive: true });
  }
  t.diagnostic(`${kills} kills, ${flat} layers were whole by then`);
});
