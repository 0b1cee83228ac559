import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanupStack } from '../src/base/cleanup.ts';
import { systemClock } from '../src/base/clock.ts';
import { Fault } from '../src/base/fault.ts';
import { deferred, orAborted } from '../src/base/waiting.ts';
import type { Attempt } from '../src/build/attempt/attempt.ts';
import { makeBackground } from '../src/build/layers/background.ts';
import { makeKeepingCosts } from '../src/build/layers/costs.ts';
import type { Cut } from '../src/build/layers/cuts.ts';
import { makeLayering } from '../src/build/layers/make-layering.ts';
import { keyOf, shelfIn } from './layer-shop.ts';
import { storeShop } from './store-shop.ts';

const cutOf = (provisioners: number): Cut => ({
  ...{ part: `provisioners/${provisioners}`, step: `step-${provisioners}`, key: keyOf(`layer ${provisioners}`) },
  ...{ ingredients: [], kind: 'machine', mode: 'auto', provisioners },
});

/** A build that keeps machines. */
const building = async () => {
  const home = await mkdtemp(join(tmpdir(), 'imaged-finish-'));
  const left = cleanupStack();
  left.defer(() => rm(home, { recursive: true, force: true }));
  const { store } = left.keep(await storeShop());
  const { shelf } = shelfIn(join(home, 'layers'), store);
  const events: string[] = [];
  const life = new AbortController();
  const attempt = {
    claim: { build: { id: 'maker', templateName: 'tiny' } },
    event: (type: string, { step = '', why = '' }: { readonly step?: string; readonly why?: string }) => void events.push(`${type} ${step} ${why}`.trim()), // prettier-ignore
    log: () => undefined,
    signal: life.signal,
    // As much of an attempt as is asked for.
  } as unknown as Attempt;
  const cleanup = cleanupStack();
  const given = { cuts: [], constant: new Set<string>(), from: undefined, turns: new Map<string, Disposable>() };
  let isSame = true;
  const own = { costs: makeKeepingCosts(), background: makeBackground(), isStill: async () => isSame };
  const layering = makeLayering(attempt, cleanup, given, { shelf, clock: systemClock, ...own, memoryMb: 1, provisioners: 9 }); // prettier-ignore
  return {
    ...{ shelf, events, life, layering, folders: () => readdir(join(home, 'layers')) },
    change: () => void (isSame = false),
    end: () => cleanup[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: () => left[Symbol.asyncDispose](),
  };
};

const { key } = cutOf(0);

test('a build goes on while what it keeps is completed, and one that fails meanwhile leaves it to the next', async () => {
  await using it = await building();
  const done = deferred<void>();
  const keep = (at: number, finish: () => Promise<void>) =>
    it.layering.keep(cutOf(at), 0, async (folder) => ({
      facts: {},
      finish: async () => {
        await finish();
        await writeFile(join(folder, 'memory.zst'), 'memory');
      },
    }));
  const order: string[] = [];
  assert.ok(await keep(0, () => done.promise.then(() => void order.push('first'))));
  assert.ok(await keep(1, async () => void order.push('second')));
  assert.deepEqual([it.events, await it.shelf.find(key)], [[], undefined]);
  const ending = it.end();
  done.resolve();
  await ending;
  assert.deepEqual(order, ['first', 'second']);
  assert.deepEqual(it.events, ['layer.kept step-0', 'layer.kept step-1']);
  assert.deepEqual(
    (await it.shelf.find(key))?.files.map(({ name }) => name),
    ['memory.zst'],
  );
});

test('a file that changes, or goes with its build, while a layer is completed does not undo what was made of it before', async () => {
  await using it = await building();
  const finish = async () => it.change();
  assert.ok(await it.layering.keep(cutOf(0), 0, async () => ({ facts: {}, finish })));
  await it.layering.settled();
  assert.deepEqual(it.events, ['layer.kept step-0']);
  await it.end();
});

test('what cannot be completed is no layer, nor what lies over it, and nothing of it is left behind the build', async () => {
  await using it = await building();
  const finish = () => Promise.reject(new Fault('storage_full', 'The disk is full.'));
  assert.ok(await it.layering.keep(cutOf(0), 0, async () => ({ facts: {}, finish })));
  assert.ok(await it.layering.keep(cutOf(1), 0, async () => ({ facts: {} })));
  await it.layering.settled();
  assert.deepEqual(it.events, [
    'layer.not_kept step-0 The disk is full.',
    'layer.not_kept step-1 what lies beneath it could not be kept',
  ]);
  await it.end();
  assert.deepEqual([await it.shelf.find(key), await it.folders()], [undefined, []]);
});

test('nobody waits for what a build that is cancelled keeps: it ends before its files go', async () => {
  await using it = await building();
  let isWriting = true;
  const finish = async (signal: AbortSignal) => {
    await orAborted(new Promise(() => undefined), signal).catch(() => undefined);
    await systemClock.sleep(20, new AbortController().signal);
    isWriting = false;
    signal.throwIfAborted();
  };
  assert.ok(await it.layering.keep(cutOf(0), 0, async () => ({ facts: {}, finish })));
  it.life.abort(new Error('cancelled'));
  await it.end();
  assert.ok(!isWriting);
  assert.deepEqual([await it.shelf.find(key), await it.folders()], [undefined, []]);
});
