import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { makeRings } from '../src/api/following/rings.ts';
import { untilTrue } from './fixtures/until-true.ts';

test('hundreds are rung for in turns, between which others get on, and each again for what came meanwhile', async () => {
  const rings = makeRings(systemClock);
  const heard = new Map<number, number>();
  let others = 0;
  const each = Array.from({ length: 500 }, (_, at) => rings.add(() => heard.set(at, (heard.get(at) ?? 0) + 1)));
  const between = () => {
    others += 1;
    if (heard.size < 500) setImmediate(between);
  };
  setImmediate(between);
  rings.ringAll();
  assert.ok(heard.size < 500);
  await untilTrue(() => heard.size >= 300);
  const early = heard.get(0);
  rings.ringAll();
  await untilTrue(() => heard.get(0) === 2);
  assert.equal(early, 1);
  await untilTrue(() => heard.size === 500);
  assert.ok(others >= 5, `${others} turns of others`);
  each[0]?.[Symbol.dispose]();
  const before = heard.get(499) ?? 0;
  rings.ringAll();
  await untilTrue(() => (heard.get(499) ?? 0) > before);
  assert.equal(heard.get(0), 2);
  assert.equal(rings.size(), 499);
});

test('who leaves while others are rung for is not rung for any more', async () => {
  const rings = makeRings(systemClock);
  let calls = 0;
  const all = Array.from({ length: 200 }, () => rings.add(() => (calls += 1)));
  rings.ringAll();
  const early = calls;
  for (const one of all) one[Symbol.dispose]();
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(early > 0 && early < 200);
  assert.equal(calls, early);
});

test('a few are rung for at once, and after a rest for all that has come meanwhile', async () => {
  const rings = makeRings(systemClock);
  let calls = 0;
  using _one = rings.add(() => (calls += 1));
  rings.ringAll();
  assert.equal(calls, 1);
  for (let again = 0; again < 1000; again++) rings.ringAll();
  assert.equal(calls, 1);
  await untilTrue(() => calls === 2);
  // Then nothing is left to be told, and the next is told at once as well.
  let every = 0;
  const idle = makeRings({
    every: (ms, tick) => {
      every += 1;
      const ticking = systemClock.every(ms, tick);
      return { [Symbol.dispose]: () => ((every -= 1), ticking[Symbol.dispose]()) };
    },
  });
  using _other = idle.add(() => (calls += 1));
  idle.ringAll();
  await untilTrue(() => every === 0);
  idle.ringAll();
  assert.equal(calls, 4);
});
