import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock as clock } from '../src/base/clock.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { systemIds } from '../src/base/ids.ts';
import type { Progress } from '../src/base/records/progress.ts';
import { makeProgress } from '../src/queue/progress.ts';
import { makeScheduler } from '../src/queue/scheduler.ts';
import type { RunBuild } from '../src/queue/store.ts';
import { atBest } from './fixtures/at-best.ts';
import { randomFrom } from './fixtures/random-from.ts';
import { untilTrue } from './fixtures/until-true.ts';
import { aBuild, roomy, storeShop } from './store-shop.ts';

const stepsMs = { 'make-workspace': 10, install: 260, connect: 60, shell: 130, publish: 20 };
const names = Object.keys(stepsMs);

/** What was said of a build at each moment. */
type Said = { readonly at: number; readonly progress: Progress }[];

test('of ten builds of a template, the end of each is told at half of its time to a quarter of the whole', async (t) => {
  const worst = await atBest(0.25, async () => {
    await using cleanup = cleanupStack();
    const { store } = cleanup.keep(await storeShop({ clock }));
    const random = randomFrom(7);
    const run: RunBuild = async ({ build, token }, _slot, signal) => {
      for (const [name, ms] of Object.entries(stepsMs)) {
        const seq = await store.beginStep(build.id, token, { name, phase: 'provisioning' });
        await clock.sleep(ms * (0.8 + 0.4 * random.next()), signal);
        await store.endStep(build.id, token, seq);
      }
      return [];
    };
    const scheduler = cleanup.keep(
      makeScheduler({
        ...{
          store,
          run,
          clock,
          ids: systemIds,
          slots: 1,
          capacity: async () => roomy,
          checkHost: async () => undefined,
        },
        ...{ reserveAfterMs: 600_000, random: () => 0.5, leaseMs: 30_000 },
        log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      }),
    );
    scheduler.start();
    const progressOf = makeProgress({
      ...{ store, clock, slots: () => 1, whole: async () => roomy, nothing: () => new Set() },
    });
    const errors: number[] = [];
    for (let round = 0; round < 11; round++) {
      const { build } = await store.add(
        aBuild({ plan: names.map((name) => ({ name, phase: 'provisioning', timeoutMs: 60_000 })) }),
      );
      scheduler.wake();
      const said: Said = [];
      await untilTrue(async () => {
        const now = await store.find(build.id);
        assert.ok(now);
        const progress = (await progressOf([now])).get(build.id);
        if (now.status === 'running' && progress) said.push({ at: clock.now(), progress });
        return now.status === 'succeeded';
      });
      const fractions = said.map(({ progress }) => progress.fraction);
      assert.deepEqual(
        fractions,
        fractions.toSorted((one, other) => one - other),
      );
      const { startedAt = 0, endedAt = 0 } = (await store.find(build.id)) ?? {};
      const whole = endedAt - startedAt;
      const half = said.find(({ at }) => at >= startedAt + whole / 2);
      assert.ok(half);
      if (round === 0) assert.equal(half.progress.leftMs, undefined);
      else errors.push(Math.abs((half.progress.leftMs ?? Infinity) - (endedAt - half.at)) / whole);
    }
    t.diagnostic(`off by ${errors.map((error) => `${(error * 100).toFixed(0)} %`).join(', ')}`);
    return Math.max(...errors);
  });
  assert.ok(worst <= 0.25, `off by ${worst}`);
});
