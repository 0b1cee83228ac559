import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { makeProgress } from '../src/queue/progress.ts';
import type { Build } from '../src/queue/records.ts';
import type { Store } from '../src/queue/store.ts';
import { apiShop, type ApiShop } from './api-shop.ts';
import { aBuild, anArtifact, claimed, roomy, storeShop, type Shop } from './store-shop.ts';

const Progress = z.object({
  step: z.int(),
  steps: z.int(),
  fraction: z.number(),
  eta_seconds: z.number().nullable(),
});
const Shown = z.looseObject({ id: z.string(), status: z.string(), progress: Progress.optional() });

const plan = [
  { name: 'make-workspace', phase: 'preparing', timeoutMs: 1000 },
  { name: 'install', phase: 'installing', timeoutMs: 1000 },
  { name: 'publish', phase: 'publishing', timeoutMs: 1000 },
] as const;

const aPlanned = (change: Parameters<typeof aBuild>[0] = {}) => aBuild({ plan, ...change });

/** Runs the head of the queue, each step of it for so long by the clock, to a good end. */
const runOne = async ({ store, clock }: Pick<Shop, 'store' | 'clock'>, stepsMs: readonly number[]) => {
  const { build, token } = await claimed(store);
  for (const [at, { name, phase }] of plan.entries()) {
    const seq = await store.beginStep(build.id, token, { name, phase });
    clock.time += stepsMs[at] ?? 0;
    await store.endStep(build.id, token, seq);
  }
  await store.finish(build.id, token, { status: 'succeeded', artifacts: [anArtifact('a')] });
};

const look = async (shop: ApiShop, id: string, headers = {}) =>
  shop.ask({ url: `/builds/${id}`, headers: { ...shop.auth, ...headers } });

const seen = async (shop: ApiShop, id: string) => Shown.parse((await look(shop, id)).json());

test('a build says how far it is while it is queued and while it runs, in every answer about it, and no more once it has ended', async () => {
  await using shop = await apiShop();
  const { store } = shop;
  const { build } = await store.add(aPlanned());
  const { id } = build;
  const waiting = { step: 0, steps: 3, fraction: 0, eta_seconds: null };
  assert.deepEqual((await seen(shop, id)).progress, waiting);

  const { token } = await claimed(store);
  const first = await store.beginStep(id, token, plan[0]);
  await store.endStep(id, token, first);
  await store.beginStep(id, token, plan[1]);
  const { progress } = await seen(shop, id);
  assert.deepEqual([progress?.step, progress?.steps, progress?.eta_seconds], [2, 3, null]);
  assert.ok(progress && progress.fraction > 0 && progress.fraction < 0.9);
  const list = z
    .object({ items: z.array(Shown) })
    .parse((await shop.ask({ url: '/builds', headers: shop.auth })).json());
  assert.equal(list.items[0]?.progress?.step, 2);

  await store.finish(id, token, { status: 'succeeded', artifacts: [] });
  assert.equal((await seen(shop, id)).progress, undefined);
});

test('how far a build is makes no change of its ETag, and does not end a wait for one', async () => {
  await using shop = await apiShop();
  const { build } = await shop.store.add(aPlanned());
  await claimed(shop.store);
  const first = await look(shop, build.id);
  const etag = String(first.headers['etag']);
  assert.equal((await look(shop, build.id, { 'if-none-match': etag })).statusCode, 304);
  const waited = await shop.ask({
    url: `/builds/${build.id}?wait=300ms`,
    headers: { ...shop.auth, 'if-none-match': etag },
  });
  assert.equal(waited.statusCode, 304);
});

/** Tells how far builds are, over a store whose questions are counted by name. */
const counted = async () => {
  const shop = await storeShop();
  const asked: string[] = [];
  const counting = <Name extends 'list' | 'plan' | 'queueAhead' | 'recentTimes' | 'steps'>(name: Name): Store[Name] =>
    // The same function, told of: hence the cast.
    ((...args: readonly never[]) => {
      asked.push(name);
      return (shop.store[name] as (...own: readonly never[]) => unknown)(...args);
    }) as Store[Name];
  const progress = makeProgress({
    store: {
      list: counting('list'),
      plan: counting('plan'),
      queueAhead: counting('queueAhead'),
      recentTimes: counting('recentTimes'),
      steps: counting('steps'),
    },
    clock: shop.clock,
    slots: () => 1,
    whole: async () => roomy,
    nothing: () => new Set(),
  });
  const find = async (id: string): Promise<Build> => {
    const build = await shop.store.find(id);
    assert.ok(build);
    return build;
  };
  return {
    shop,
    asked,
    of: async (id: string) => (await progress([await find(id)])).get(id),
    [Symbol.asyncDispose]: () => shop[Symbol.asyncDispose](),
  };
};

test('a build that is polled is asked of the store when it has changed, and not for each poll', async () => {
  await using told = await counted();
  const { store, clock } = told.shop;
  const { build } = await store.add(aPlanned());
  const { token } = await claimed(store);
  await store.beginStep(build.id, token, plan[0]);
  await told.of(build.id);
  told.asked.length = 0;
  for (let poll = 0; poll < 50; poll++) {
    clock.time += 100;
    await told.of(build.id);
  }
  assert.deepEqual(told.asked, []);
  await store.event(build.id, 'machine.rebooted', { name: 'imaged-0' }, token);
  await told.of(build.id);
  assert.deepEqual(told.asked, ['steps']);
});

test('a build is compared with those before it: the second of a template tells its end', async () => {
  await using told = await counted();
  const { store, clock } = told.shop;
  await store.add(aPlanned());
  await runOne(told.shop, [1000, 60_000, 4000]);
  const { build } = await store.add(aPlanned());
  const { token } = await claimed(store);
  const seq = await store.beginStep(build.id, token, plan[0]);
  clock.time += 1000;
  await store.endStep(build.id, token, seq);
  await store.beginStep(build.id, token, plan[1]);
  clock.time += 30_000;
  const progress = await told.of(build.id);
  assert.ok(progress?.leftMs !== undefined && Math.abs(progress.leftMs - 34_000) < 500, String(progress?.leftMs));
  assert.ok(Math.abs(progress.fraction - 28 / 65) < 0.01, String(progress.fraction));
});

test('the fraction does not go back when another build of the template ends meanwhile, nor when the clock of the host does', async () => {
  await using told = await counted();
  const { store, clock } = told.shop;
  for (let round = 0; round < 3; round++) {
    await store.add(aPlanned());
    await runOne(told.shop, [1000, 10_000, 1000]);
  }
  const { build } = await store.add(aPlanned());
  const { token } = await claimed(store, 'first');
  await store.beginStep(build.id, token, plan[1]);
  clock.time += 9000;
  const before = (await told.of(build.id))?.fraction ?? 0;
  assert.ok(before > 0.6);
  for (let round = 0; round < 9; round++) {
    await store.add(aPlanned());
    await runOne(told.shop, [1000, 1000, 600_000]);
    clock.time -= 602_000;
  }
  await store.event(build.id, 'machine.rebooted', { name: 'imaged-0' }, token);
  assert.equal((await told.of(build.id))?.fraction, before);
  clock.time -= 8000;
  assert.equal((await told.of(build.id))?.fraction, before);
});

test('each attempt begins anew', async () => {
  await using told = await counted();
  const { store, clock } = told.shop;
  const { build } = await store.add(aPlanned());
  const first = await claimed(store, 'first');
  const seq = await store.beginStep(build.id, first.token, plan[1]);
  await store.endStep(build.id, first.token, seq);
  assert.ok(((await told.of(build.id))?.fraction ?? 0) > 0.5);
  await store.finish(build.id, first.token, { status: 'queued', losesAttempt: false, notBefore: clock.time });
  assert.equal((await told.of(build.id))?.fraction, 0);
  await claimed(store, 'second');
  const again = await told.of(build.id);
  assert.deepEqual([again?.step, again?.fraction], [0, 0]);
});

test('queued builds tell their end from what runs, what stands before them and how long such builds took', async () => {
  await using told = await counted();
  const { store, clock } = told.shop;
  await store.add(aPlanned());
  await runOne(told.shop, [1000, 8000, 1000]);
  const { build: running } = await store.add(aPlanned());
  await claimed(store);
  const [first, second, unknown, last] = [
    await store.add(aPlanned()),
    await store.add(aPlanned()),
    await store.add(aPlanned({ templateName: 'new' })),
    await store.add(aPlanned()),
  ];
  const left = async (id: string) => (await told.of(id))?.leftMs;
  assert.equal(await left(running.id), 10_000);
  assert.equal(await left(first.build.id), 20_000);
  assert.equal(await left(second.build.id), 30_000);
  assert.deepEqual([await left(unknown.build.id), await left(last.build.id)], [undefined, undefined]);
  clock.time += 3000;
  // As it was worked out a moment ago.
  assert.equal(await left(first.build.id), 17_000);
});
