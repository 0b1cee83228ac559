import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeSubmit, type SubmitParts } from '../src/build/submit.ts';
import type { BuildAsk } from '../src/queue/asked.ts';
import { aBuild, failsAs, storeShop } from './store-shop.ts';

const ask: BuildAsk = { template: 'tiny', variables: {}, labels: {}, priority: 0, onError: 'cleanup' };
const request = { key: 'k', owner: 'alice' };

/** A use case over a real store, which counts what it judges and how often it wakes the scheduler. */
const desk = async (change: Partial<SubmitParts> = {}) => {
  const shop = await storeShop();
  const count = { judged: 0, woken: 0 };
  const submit = makeSubmit({
    store: shop.store,
    admission: {
      check: async () => {
        count.judged += 1;
        return { ...aBuild(), http: [], notes: [] };
      },
    },
    isDraining: () => false,
    wake: () => {
      count.woken += 1;
    },
    ...change,
  });
  return { submit, count, store: shop.store, [Symbol.asyncDispose]: () => shop[Symbol.asyncDispose]() };
};

test('a build that is accepted is in the store, and the scheduler is told', async () => {
  await using here = await desk();
  const { build, replayed } = await here.submit(ask);
  assert.equal(replayed, false);
  assert.deepEqual(await here.store.find(build.id), build);
  assert.deepEqual(here.count, { judged: 1, woken: 1 });
});

test('a request that is sent again gets the first build and is not judged again', async () => {
  await using here = await desk();
  const first = await here.submit({ ...ask, contextId: 'c1' }, { ...request, contextDigest: 'd' });
  // The same archive is another context each time.
  const again = await here.submit({ ...ask, contextId: 'c2' }, { ...request, contextDigest: 'd' });
  assert.deepEqual([again.build.id, again.replayed], [first.build.id, true]);
  assert.deepEqual(here.count, { judged: 1, woken: 1 });
});

test('another request under a key that was used is refused: by what it asks, or by its files', async () => {
  await using here = await desk();
  await here.submit(ask, request);
  const mismatch = failsAs('idempotency_mismatch');
  await assert.rejects(here.submit({ ...ask, priority: 1 }, request), mismatch);
  await assert.rejects(here.submit(ask, { ...request, contextDigest: 'd' }), mismatch);
  assert.equal((await here.submit({ ...ask, priority: 1 }, { ...request, owner: 'bob' })).replayed, false);
});

test('a daemon that stops takes no build', async () => {
  await using here = await desk({ isDraining: () => true });
  await assert.rejects(here.submit(ask), failsAs('draining'));
  assert.deepEqual(here.count, { judged: 0, woken: 0 });
});
