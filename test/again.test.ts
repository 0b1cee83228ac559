/** The parts of what is made again, and of what goes on, that need no machine. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { Fault } from '../src/base/fault.ts';
import { makeGrowth } from '../src/base/growth.ts';
import { remember, standingAfter } from '../src/build/again/remembered.ts';
import { beginAttempt } from '../src/build/attempt/attempt.ts';
import { foldersBelow } from '../src/build/folders/folders.ts';
import { planFrom, type Step } from '../src/build/plan.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { resolve } from '../src/template/resolve/resolve.ts';
import { aBuild, claimed, storeShop } from './store-shop.ts';

const giving = <Gives extends object>(name: string, gives: Gives) =>
  ({ name, phase: 'provisioning', timeoutMs: 1, run: async () => gives }) satisfies Step<object, Gives>;

test('what goes on from an earlier step has the machine, the login and the disks as the last step left them', () => {
  const done = [
    { name: 'boot', gives: { running: 'first', disks: ['a'], other: 1 } },
    { name: 'connect', gives: { guest: 'first' } },
    { name: 'work', gives: {} },
    { name: 'keep', gives: { running: 'second', guest: 'second', disks: ['b'], other: 2 } },
  ].map((step) => ({ ...step, phase: 'provisioning' as const }));
  assert.deepEqual(
    standingAfter(done, 3).map(({ gives }) => gives),
    [{ running: 'second', disks: ['b'], other: 1 }, { guest: 'second' }, {}],
  );
});

test('a plan that goes on has what its first steps gave, and runs the others alone', async () => {
  const plan = planFrom<object>()
    .then(giving('one', { one: 1 }))
    .then(giving('two', { two: 2 }))
    .then(giving('three', { three: 3 }));
  const ran: string[] = [];
  const run = (before: Parameters<typeof remember>[0], failsAt?: string) => {
    const steps = remember(before, async (step, needs) => {
      ran.push(step.name);
      if (step.name === failsAt) throw new Error(`${step.name} fails`);
      // None of these steps uses a tool.
      return step.run(needs, {} as never);
    });
    return { steps, ended: plan.run({}, steps.perform) };
  };
  const first = run([], 'two');
  await assert.rejects(first.ended, /two fails/);
  assert.deepEqual([first.steps.done(), first.steps.begun()], [[{ name: 'one', phase: 'provisioning', gives: { one: 1 } }], { name: 'two', phase: 'provisioning' }]); // prettier-ignore
  const second = run(first.steps.done(), 'three');
  await assert.rejects(second.ended, /three fails/);
  const third = run(second.steps.done());
  assert.deepEqual(await third.ended, { one: 1, two: 2, three: 3 });
  assert.deepEqual(ran, ['one', 'two', 'two', 'three', 'three']);
  const again = run(second.steps.done().slice(0, 0));
  await again.ended;
  assert.deepEqual(ran.slice(5), ['one', 'two', 'three']);
});

test('an attempt whose time was over has all of it again once it is renewed', async () => {
  await using shop = await storeShop();
  const spec = await resolve({
    template: parseTemplate({
      name: 'least',
      machine: { floppy: 'media:floppy', disks: [{ size: '1G' }] },
      install: {},
    }),
    variables: {},
    files: { media: { floppy: import.meta.filename } },
    frozen: { buildId: '01J0000000000000000000000A', timestampMs: 0 },
    defaults: { timeoutMs: 3_600_000 },
  });
  await shop.store.add(aBuild({ timeoutMs: 50 }));
  const claim = await claimed(shop.store, 'w');
  const parts = {
    ...{ store: shop.store, folders: foldersBelow(shop.folder, shop.folder), growth: makeGrowth(), clock: systemClock },
    texts: { logMb: 1, consoleMb: 1, flood: 16, requests: 1, events: 100 },
  };
  const stopped = new AbortController();
  const attempt = await beginAttempt(claim, spec, parts, stopped.signal);
  const over = (signal: AbortSignal) =>
    new Promise((done) => signal.addEventListener('abort', () => done(signal.reason), { once: true }));
  const reason = await over(attempt.signal);
  assert.ok(reason instanceof Fault && reason.code === 'build_timeout');
  const renewed = attempt.renewed();
  assert.equal(renewed.signal.aborted, false);
  const again = await over(renewed.signal);
  assert.ok(again instanceof Fault && again.code === 'build_timeout');
  const last = renewed.renewed();
  stopped.abort(new Error('stopped'));
  assert.equal(last.signal.aborted, true);
  await attempt.cleanup[Symbol.asyncDispose]();
});
