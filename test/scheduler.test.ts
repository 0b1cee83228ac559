import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import Sqlite from 'better-sqlite3';
import type { Status } from '../src/base/records/status.ts';
import { systemClock } from '../src/base/clock.ts';
import type { Clock } from '../src/base/clock.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { Fault, inStep } from '../src/base/fault.ts';
import { systemIds } from '../src/base/ids.ts';
import { makeScheduler } from '../src/queue/scheduler.ts';
import type { SchedulerParts } from '../src/queue/scheduler.ts';
import type { Build, Claim } from '../src/queue/records.ts';
import type { RunBuild, Store } from '../src/queue/store.ts';
import { orAborted, deferred } from '../src/base/waiting.ts';
import { untilTrue } from './fixtures/until-true.ts';
import { aBuild, anArtifact, roomy, storeShop } from './store-shop.ts';

const never = new AbortController().signal;

/** The system's clock, a hundred times as fast. */
const hasteClock: Clock = {
  ...systemClock,
  now: () => Date.now() * 100,
  sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
  deadline: (ms, parent, reason) => systemClock.deadline(ms / 100, parent, reason),
};

/** A store with a scheduler on it that runs builds by `run`; lets all go in reverse. */
const floor = async (run: RunBuild, change: Partial<SchedulerParts> = {}) => {
  const cleanup = cleanupStack();
  const clock = change.clock ?? systemClock;
  const shop = cleanup.keep(await storeShop({ clock }));
  const errors: object[] = [];
  const warnings: string[] = [];
  const warn = (_facts: object, message: string) => void warnings.push(message);
  const log = { info: () => undefined, warn, error: (facts: object) => errors.push(facts) };
  const scheduler = cleanup.keep(
    makeScheduler({
      store: shop.store,
      slots: 2,
      capacity: async () => roomy,
      checkHost: async () => undefined,
      reserveAfterMs: 600_000,
      run,
      clock,
      ids: systemIds,
      random: () => 0.5,
      log,
      leaseMs: 30_000,
      ...change,
    }),
  );
  scheduler.start();
  return {
    store: shop.store,
    file: shop.file,
    scheduler,
    errors,
    warnings,
    add: async (build = aBuild()) => {
      await shop.store.add(build);
      scheduler.wake();
      return build.id;
    },
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};

/** The promise, which must settle within 20 s. */
const soon = async <T>(promise: Promise<T>): Promise<T> => {
  using limit = systemClock.deadline(20_000, never, () => new Error('it did not happen within 20 s'));
  return await orAborted(promise, limit.signal);
};

const becomes = async (store: Store, id: string, ...statuses: readonly Status[]): Promise<Build> => {
  const reached = deferred<Build>();
  const look = async () => {
    const build = await store.find(id);
    if (build && statuses.includes(build.status)) reached.resolve(build);
  };
  using listening = store.onChange(id, () => void look());
  assert.ok(listening);
  await look();
  return await soon(reached.promise);
};

/** Runs until it is stopped. */
const forever: RunBuild = async (_claim, _slot, signal) => {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
};

/** Builds that go on until the test lets them. */
const gate = () => {
  const opened = new Map<string, () => void>();
  const entered: string[] = [];
  const run: RunBuild = async ({ build }, _slot, signal) => {
    entered.push(build.id);
    await new Promise<void>((resolve, reject) => {
      opened.set(build.id, resolve);
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
    return [anArtifact('disk.qcow2')];
  };
  return { run, entered, open: (id: string) => opened.get(id)?.() };
};

test('as many builds run at once as there are slots, each in a slot of its own, and the next when one ends', async () => {
  const { run, entered, open } = gate();
  await using here = await floor(run);
  const ids = [await here.add(), await here.add(), await here.add()];
  const [a = '', b = '', c = ''] = ids;
  await Promise.all([becomes(here.store, a, 'running'), becomes(here.store, b, 'running')]);
  assert.deepEqual(here.scheduler.slots(), [
    { slot: 0, buildId: a },
    { slot: 1, buildId: b },
  ]);
  assert.equal((await here.store.find(c))?.status, 'queued');
  open(a);
  assert.equal((await becomes(here.store, c, 'running')).slot, 0);
  open(b);
  open(c);
  await Promise.all(ids.map((id) => becomes(here.store, id, 'succeeded')));
  assert.deepEqual(await here.store.artifacts(c), [anArtifact('disk.qcow2')]);
  assert.deepEqual(entered, ids);
});

test('while every slot is taken nothing is asked of the host, and the next build is started when one ends', async () => {
  const { run, open } = gate();
  let looks = 0;
  const checkHost = async () => void looks++;
  await using here = await floor(run, { slots: 1, checkHost });
  const first = await here.add();
  await becomes(here.store, first, 'running');
  const before = looks;
  const ids = [];
  for (let n = 0; n < 5; n++) ids.push(await here.add());
  assert.equal(looks, before);
  open(first);
  await becomes(here.store, ids[0] ?? '', 'running');
  assert.ok(looks > before);
});

test('smaller builds pass one that has no room beside the running one, which says what it waits for', async () => {
  const { run, entered, open } = gate();
  await using here = await floor(run, { slots: 3, capacity: async () => ({ memoryMb: 1000, diskMb: 1000 }) });
  const first = await here.add(aBuild({ demand: { memoryMb: 600, diskMb: 1 } }));
  await becomes(here.store, first, 'running');
  const large = await here.add(aBuild({ demand: { memoryMb: 600, diskMb: 1 } }));
  const never = await here.add(aBuild({ demand: { memoryMb: 1, diskMb: 1001 } }));
  const small = await here.add(aBuild({ demand: { memoryMb: 100, diskMb: 1 } }));
  await becomes(here.store, small, 'running');
  const why = async (id: string) => {
    const build = await here.store.find(id);
    return build && (await here.scheduler.waiting(build));
  };
  const { message: _words, ...waiting } = (await why(large)) ?? { message: '' };
  assert.deepEqual(waiting, { for: 'memory', position: 1, needsMb: 600, freeMb: 300 });
  assert.deepEqual([(await why(never))?.evenAlone, await why(small)], [true, undefined]);
  const { tooLarge } = await here.scheduler.obstacles();
  assert.deepEqual([tooLarge?.builds, tooLarge?.first.id], [1, never]);
  open(first);
  await becomes(here.store, large, 'running');
  assert.deepEqual(entered, [first, small, large]);
  assert.deepEqual(here.warnings, [
    'a build takes more than this host has now, even with no other: it waits, and others pass it',
  ]);
});

test('a build that is tried again after its pause is not kept waiting by one that has no room', async () => {
  const run: RunBuild = async ({ build }) => {
    if (build.attempt === 1) throw new Fault('hypervisor_failed', 'not yet');
    return [anArtifact('disk.qcow2')];
  };
  await using here = await floor(run, { capacity: async () => ({ memoryMb: 1000, diskMb: 1000 }) });
  await here.add(aBuild({ demand: { memoryMb: 1001, diskMb: 1 } }));
  // A pause of 2 s: sooner than the queue is looked at again by itself.
  const ended = await becomes(here.store, await here.add(), 'succeeded');
  assert.equal(ended.attempt, 2);
});

test('a host that cannot build keeps its queue and every attempt, and goes on when it is mended', async () => {
  let trouble: Fault | undefined;
  const checked: (string | undefined)[] = [];
  const runs: string[] = [];
  const run: RunBuild = async ({ build }) => {
    runs.push(build.id);
    if (trouble !== undefined) throw trouble;
    return [anArtifact('disk.qcow2')];
  };
  const missing = new Fault('program_missing', 'qemu was not found.', { program: 'qemu' });
  await using here = await floor(run, {
    clock: hasteClock,
    checkHost: async (met) => {
      checked.push(met?.code);
      // As it is when the program goes while a build runs: seen by the build first.
      if (trouble !== undefined && met !== undefined) throw trouble;
    },
  });
  trouble = missing;
  const ids = [await here.add(), await here.add(), await here.add()];
  const first = await becomes(here.store, ids[0] ?? '', 'queued');
  while ((await here.scheduler.obstacles()).trouble === undefined) await systemClock.sleep(5, never);
  assert.equal((await here.scheduler.waiting(first))?.for, 'hypervisor');
  // Asked again and again meanwhile, and nothing is claimed.
  const [asked, ran] = [checked.length, runs.length];
  while (checked.length < asked + 3) await systemClock.sleep(5, never);
  assert.equal(runs.length, ran);
  trouble = undefined;
  for (const id of ids) {
    const build = await becomes(here.store, id, 'succeeded');
    assert.equal(build.attemptsLeft, 2, 'none but the last attempt counts');
  }
  assert.deepEqual(here.warnings, ['this host cannot build: no build is started until that is mended']);
  assert.equal((await here.scheduler.obstacles()).trouble, undefined);
});

test('a fault of the host that has gone by itself counts as an attempt', async () => {
  const attempts: number[] = [];
  const run: RunBuild = async ({ build }) => {
    attempts.push(build.attempt);
    throw new Fault('storage_full', 'no room');
  };
  await using here = await floor(run, { clock: hasteClock });
  const ended = await becomes(here.store, await here.add(), 'failed');
  assert.deepEqual([attempts, ended.fault?.code], [[1, 2, 3], 'storage_full']);
});

test('a large build is not passed for ever: what becomes free is kept for it', async () => {
  const { run, entered, open } = gate();
  await using here = await floor(run, {
    slots: 3,
    capacity: async () => ({ memoryMb: 1000, diskMb: 1000 }),
    reserveAfterMs: 0,
  });
  const first = await here.add(aBuild({ demand: { memoryMb: 600, diskMb: 1 } }));
  await becomes(here.store, first, 'running');
  const large = await here.add(aBuild({ demand: { memoryMb: 600, diskMb: 1 } }));
  const small = await here.add(aBuild({ demand: { memoryMb: 450, diskMb: 1 } }));
  // The host is large enough for this one beside it.
  const tiny = await here.add(aBuild({ demand: { memoryMb: 100, diskMb: 1 } }));
  await becomes(here.store, tiny, 'running');
  open(first);
  await becomes(here.store, large, 'running');
  open(large);
  await becomes(here.store, small, 'running');
  assert.deepEqual(entered, [first, tiny, large, small]);
});

test('an infra fault is tried again by itself after its pause, until no attempt is left', async () => {
  const attempts: number[] = [];
  const fail: RunBuild = async ({ build, token }) => {
    attempts.push(build.attempt);
    await here.store.beginStep(build.id, token, { name: 'start-machine', phase: 'booting' });
    throw inStep(new Fault('hypervisor_failed', 'no such device'), 'start-machine');
  };
  await using here = await floor(fail, { clock: hasteClock });
  const id = await here.add();
  const ended = await becomes(here.store, id, 'failed');
  assert.deepEqual(attempts, [1, 2, 3]);
  assert.deepEqual(
    [ended.fault?.code, ended.fault?.step, ended.attemptsLeft],
    ['hypervisor_failed', 'start-machine', 0],
  );
  assert.ok(ended.endedAt !== undefined && ended.startedAt !== undefined);
  assert.ok(ended.endedAt - ended.startedAt >= 12_000, 'it waited 2 s and 10 s');
});

test('a guest fault ends the build, and what nobody foresaw is internal', async () => {
  const faults = [new Fault('guest_panicked', 'panic: x'), new TypeError('x is not a function')];
  await using here = await floor(async () => {
    throw faults.shift() ?? new Error('there is no third');
  });
  const one = await becomes(here.store, await here.add(), 'failed');
  const two = await becomes(here.store, await here.add(), 'failed');
  assert.deepEqual([one.fault?.code, two.fault?.code], ['guest_panicked', 'internal']);
});

test('a client that cancels stops the build at once, whatever breaks because of it', async () => {
  await using here = await floor(async (claim, slot, signal) => {
    await forever(claim, slot, signal).catch(() => undefined);
    throw new Fault('program_failed', 'qemu ended with SIGTERM');
  });
  const id = await here.add();
  await becomes(here.store, id, 'running');
  await here.store.cancel(id);
  assert.equal((await becomes(here.store, id, 'cancelled', 'failed', 'queued')).fault?.code, 'cancelled');
});

test('a daemon that drains queues what ran again with its attempt, and claims nothing more', async () => {
  await using here = await floor(forever);
  const ids = [await here.add(), await here.add(), await here.add()];
  await Promise.all(ids.slice(0, 2).map((id) => becomes(here.store, id, 'running')));
  await here.scheduler.drain(never);
  assert.equal(here.scheduler.isDraining(), true);
  here.scheduler.wake();
  const builds = await Promise.all(ids.map((id) => here.store.find(id)));
  assert.deepEqual(
    builds.map((build) => [build?.status, build?.attempt, build?.attemptsLeft]),
    [
      ['queued', 1, 3],
      ['queued', 1, 3],
      ['queued', 0, 3],
    ],
  );
});

test('draining ends with its signal when a build does not let go', async () => {
  const { promise, resolve } = deferred<readonly []>();
  const impatient = new AbortController();
  // Not disposed by the test: what it waits for is the point.
  const here = await floor(() => promise);
  const id = await here.add();
  await becomes(here.store, id, 'running');
  const drained = here.scheduler.drain(impatient.signal);
  impatient.abort(new Fault('draining', 'too late'));
  await assert.rejects(drained, /too late/);
  resolve([]);
  await here[Symbol.asyncDispose]();
});

test('a build whose lease was taken over is stopped and left to its new worker', async () => {
  const stopped = deferred<unknown>();
  const watch: RunBuild = async (claim: Claim, slot, signal) => {
    await forever(claim, slot, signal).catch(() => undefined);
    stopped.resolve(signal.reason);
    return [];
  };
  await using here = await floor(watch, { leaseMs: 90 });
  const id = await here.add();
  await becomes(here.store, id, 'running');
  const other = new Sqlite(here.file);
  other.prepare(`UPDATE build SET token = 'of another' WHERE id = ?`).run(id);
  other.close();
  const reason = await soon(stopped.promise);
  assert.ok(reason instanceof Fault && reason.code === 'lease_lost');
  await here.scheduler.drain(never);
  assert.equal((await here.store.find(id))?.status, 'running');
});

test('a store that cannot be written loses no build: its end is written when the store is back', async () => {
  const { run, open } = gate();
  await using here = await floor(run);
  const id = await here.add();
  await becomes(here.store, id, 'running');
  using other = { db: new Sqlite(here.file), [Symbol.dispose]: () => void other.db.close() };
  other.db.exec('BEGIN IMMEDIATE');
  open(id);
  await untilTrue(() => here.errors.length > 0);
  assert.equal((await here.store.find(id))?.status, 'running');
  other.db.exec('ROLLBACK');
  await becomes(here.store, id, 'succeeded');
  const next = await here.add();
  await becomes(here.store, next, 'running');
});

test('an end that the store refuses does not keep the build running for ever', async () => {
  await using here = await floor(async () => [{ ...anArtifact('a'), sha256: 'not a digest' }]);
  assert.equal((await becomes(here.store, await here.add(), 'failed')).fault?.code, 'internal');
  assert.deepEqual(here.scheduler.slots()[0]?.buildId, undefined);
});

test('a suspect runs alone, and the log says once why the others wait', async () => {
  const { run, entered, open } = gate();
  await using here = await floor(run, { slots: 3 });
  const first = await here.add();
  await becomes(here.store, first, 'running');
  const suspect = aBuild();
  await here.store.add(suspect);
  using other = { db: new Sqlite(here.file), [Symbol.dispose]: () => void other.db.close() };
  other.db.prepare('UPDATE build SET suspect = 1 WHERE id = ?').run(suspect.id);
  const last = await here.add();
  await here.add();
  await untilTrue(() => here.warnings.length > 0);
  assert.deepEqual(entered, [first]);
  assert.match(here.warnings.join(), /it waits until no other runs/);
  open(first);
  await becomes(here.store, suspect.id, 'running');
  await untilTrue(() => here.warnings.length > 1);
  assert.match(here.warnings.at(-1) ?? '', /it runs alone/);
  assert.deepEqual(entered, [first, suspect.id]);
  open(suspect.id);
  await becomes(here.store, last, 'running');
  assert.equal(here.warnings.length, 2);
});
