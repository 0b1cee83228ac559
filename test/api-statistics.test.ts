import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { dayOf, dayText } from '../src/base/records/day.ts';
import { apiShop, type ApiShop } from './api-shop.ts';
import { aBuild, aFault, claimed } from './store-shop.ts';

const Times = z.looseObject({ count: z.int(), p50_seconds: z.number(), p95_seconds: z.number() });
const Statistics = z.looseObject({
  from: z.string(),
  to: z.string(),
  days: z.array(z.looseObject({ day: z.string(), succeeded: z.int(), failed: z.int(), wait: Times.optional() })),
  faults: z.array(z.looseObject({ code: z.string(), status: z.string(), count: z.int() })),
  steps: z.array(
    z.looseObject({ name: z.string(), count: z.int(), days: z.array(z.looseObject({ day: z.string() })) }),
  ),
});

const get = (shop: ApiShop, url: string) => shop.ask({ url, headers: shop.auth });

/** One build that succeeds, and one that fails. */
const runTwo = async ({ store }: ApiShop) => {
  for (const status of ['succeeded', 'failed'] as const) {
    const { build } = await store.add(aBuild());
    const { token } = await claimed(store);
    const seq = await store.beginStep(build.id, token, { name: 'boot', phase: 'booting' });
    await store.endStep(build.id, token, seq);
    await store.finish(
      build.id,
      token,
      status === 'succeeded' ? { status, artifacts: [] } : { status, fault: aFault('guest_panicked') },
    );
  }
};

test('statistics tell of builds by day, of faults by code and, of a template, of its steps', async () => {
  await using shop = await apiShop();
  await runTwo(shop);
  const all = Statistics.parse((await get(shop, '/statistics')).json());
  const today = all.to;
  assert.deepEqual(
    all.days.map(({ day, succeeded, failed }) => [day, succeeded, failed]),
    [[today, 1, 1]],
  );
  assert.deepEqual(all.faults, [{ code: 'guest_panicked', status: 'failed', count: 1 }]);
  assert.deepEqual(all['templates'], [{ name: 'tiny', succeeded: 1, failed: 1, cancelled: 0 }]);
  assert.deepEqual([all.steps, all.days[0]?.wait?.count], [[], 2]);
  const tiny = Statistics.parse((await get(shop, '/statistics?template=tiny')).json());
  assert.deepEqual(
    tiny.steps.map(({ name, count, days }) => [name, count, days.map(({ day }) => day)]),
    [['boot', 1, [today]]],
  );
  assert.deepEqual(Statistics.parse((await get(shop, '/statistics?to=2026-01-31')).json()).from, '2026-01-02');
});

test('days that are none, too many or the wrong way round are told by their place', async () => {
  await using shop = await apiShop();
  const today = dayText(dayOf(shop.parts.clock.now()));
  for (const [query, said] of [
    ['from=2026-02-30', /query:\/from is no day of the calendar: write 2026-03-01/],
    ['to=yesterday', /query:\/to is no day/],
    ['from=2025-01-01&to=2026-03-01', /query:\/from makes more than 366 days with the last, 2026-03-01/],
    ['from=2999-01-01', new RegExp(`query:/from is behind the last day, ${today}`)],
    ['days=3', /days/],
  ] as const) {
    const reply = await get(shop, `/statistics?${query}`);
    assert.equal(reply.statusCode, 400, query);
    assert.match(reply.json<{ detail: string }>().detail, said);
  }
  assert.equal((await get(shop, '/statistics?from=2025-03-01&to=2026-03-01')).statusCode, 200);
});

test('the usual times of the steps of a template are there once a build of it has succeeded, and empty before', async () => {
  await using shop = await apiShop();
  const ask = async () => (await get(shop, '/statistics/steps?template=tiny')).json<Record<string, unknown>>();
  assert.deepEqual(await ask(), { template: 'tiny', builds: 0, steps: [] });
  await runTwo(shop);
  const told = z.looseObject({ builds: z.int(), whole: Times, steps: z.array(Times) }).parse(await ask());
  assert.deepEqual([told.builds, told.whole.count, told.steps[0]?.['name']], [1, 1, 'boot']);
  assert.equal((await get(shop, '/statistics/steps')).statusCode, 400);
  assert.equal((await shop.ask({ url: '/statistics' })).statusCode, 401);
});
