import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanupStack } from '../src/base/cleanup.ts';
import { systemClock } from '../src/base/clock.ts';
import type { Attempt } from '../src/build/attempt/attempt.ts';
import { makeBackground } from '../src/build/layers/background.ts';
import { makeKeepingCosts } from '../src/build/layers/costs.ts';
import type { Cut } from '../src/build/layers/cuts.ts';
import type { Taken } from '../src/build/layers/layering.ts';
import { makeLayering } from '../src/build/layers/make-layering.ts';
import { keep, keyOf, shelfIn } from './layer-shop.ts';
import { storeShop } from './store-shop.ts';

const hourMs = 3_600_000;

const cutOf = (kind: Cut['kind'], more: Partial<Cut> = {}): Cut => ({
  ...{
    part: 'finish',
    step: 'publish',
    key: keyOf(`after ${kind}`),
    ingredients: [],
    kind,
    provisioners: 0,
    mode: 'auto',
  },
  ...more,
});

test('artifacts of a machine that went on from a layer expire with that layer, however young they are', async () => {
  const home = await mkdtemp(join(tmpdir(), 'imaged-expiry-'));
  await using cleanup = cleanupStack();
  cleanup.defer(() => rm(home, { recursive: true, force: true }));
  const shop = cleanup.keep(await storeShop());
  const { shelf } = shelfIn(home, shop.store);
  const soon = systemClock.now() + hourMs;
  await keep(shelf, keyOf('install'), { expiresAt: soon });
  const held = cleanup.keep((await shelf.take(keyOf('install'), 'this build')) ?? assert.fail());
  const from: Taken = { cut: cutOf('disk', { key: keyOf('install') }), held };
  const attempt = { claim: { build: { id: 'this build', templateName: 'tiny' } }, event: () => undefined, log: () => undefined, signal: new AbortController().signal } as unknown as Attempt; // prettier-ignore
  const given = { cuts: [], constant: new Set<string>(), from, turns: new Map<string, Disposable>() };
  const own = { costs: makeKeepingCosts(), background: makeBackground() };
  const parts = { shelf, clock: systemClock, ...own, memoryMb: 1, provisioners: 0, isStill: async () => true };
  const layering = makeLayering(attempt, cleanup, given, parts);
  const artifacts = cutOf('artifacts', { maxAgeMs: 24 * hourMs });
  assert.ok(await layering.keep(artifacts, 0, async () => ({ facts: {} })));
  await layering.settled();
  const kept = await shelf.find(artifacts.key);
  assert.equal(kept?.parent, undefined);
  assert.equal(kept?.expiresAt, soon);
});
