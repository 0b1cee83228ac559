import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Status } from '../src/base/records/status.ts';
import type { Store } from '../src/queue/store.ts';
import { aBuild, aFault, anArtifact, failsAs, hostWith, storeShop } from './store-shop.ts';
import type { HandClock } from './store-shop.ts';
import { runs } from './fixtures/long.ts';

// Thousands of fsyncs, none of which this test is about, cost nothing where there is no disk.
const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

// One death makes a suspect, two alone fail it; no step here runs so long that its length counts.
const limits = {
  crashAfterMs: Infinity,
  suspect: { crashes: 1, deaths: 1 },
  failed: { crashes: 1, deaths: 2 },
};

/** What a build is, in the simplest words. */
type Model = {
  readonly id: string;
  readonly priority: number;
  readonly memoryMb: number;
  status: Status;
  attempt: number;
  attemptsLeft: number;
  leaseUntil: number;
  loneDeaths: number;
  isSuspect: boolean;
  notBefore: number;
  cancelRequested: boolean;
  token: string | undefined;
  /** Tokens of earlier claims: none of them may write. */
  stale: string[];
  version: number;
};

type World = { readonly store: Store; readonly clock: HandClock; readonly builds: Model[]; tokens: number };

const ops = fc.oneof(
  fc.record({
    do: fc.constant('add' as const),
    priority: fc.integer({ min: -1, max: 1 }),
    memoryMb: fc.constantFrom(1, 9),
  }),
  fc.record({ do: fc.constant('claim' as const), memoryMb: fc.constantFrom(5, 50) }),
  fc.record({
    do: fc.constant('finish' as const),
    pick: fc.nat(),
    how: fc.constantFrom('succeeded', 'failed', 'cancelled', 'retry', 'drain'),
    pauseMs: fc.constantFrom(0, 1000),
  }),
  fc.record({ do: fc.constantFrom('beat', 'step', 'hold', 'resume', 'cancel', 'remove', 'stale'), pick: fc.nat() }),
  fc.record({ do: fc.constant('recover' as const) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 1000) }),
);

type Op = typeof ops extends fc.Arbitrary<infer T> ? T : never;

const isActive = ({ status }: Model) => status === 'running' || status === 'held';
const hasEnded = (build: Model) => !isActive(build) && build.status !== 'queued';

const end = (build: Model, status: Status) => {
  if (build.token) build.stale.push(build.token);
  build.token = undefined;
  build.status = status;
  build.version++;
};

const requeue = (build: Model, notBefore: number, givenBack: boolean) => {
  if (build.cancelRequested) return end(build, 'cancelled');
  if (build.status === 'held') return end(build, 'failed');
  end(build, 'queued');
  build.notBefore = notBefore;
  if (givenBack) build.attemptsLeft++;
};

/** The first that the whole host has room for. */
const head = ({ builds, clock }: World, wholeMb: number): Model | undefined =>
  builds
    .filter((one) => one.status === 'queued' && one.notBefore <= clock.time && one.memoryMb <= wholeMb)
    .sort((a, b) => b.priority - a.priority || (a.id < b.id ? -1 : 1))[0];

/** A suspect runs alone; a held one only keeps its machine. */
const mayRun = ({ builds, clock }: World, build: Model): boolean =>
  builds
    .filter(({ status, leaseUntil }) => status === 'running' && leaseUntil > clock.time)
    .every(({ isSuspect }) => !isSuspect && !build.isSuspect);

const finish = async (world: World, build: Model, token: string, op: Extract<Op, { do: 'finish' }>) => {
  const { store, clock } = world;
  const notBefore = clock.time + op.pauseMs;
  const losesAttempt = op.how === 'retry' && build.attemptsLeft > 0;
  switch (op.how) {
    case 'succeeded':
      if (build.status === 'held') {
        await store.finish(build.id, token, { status: 'succeeded', artifacts: [] });
        return end(build, 'failed');
      }
      await store.finish(build.id, token, { status: 'succeeded', artifacts: [anArtifact('a')] });
      build.version++;
      return end(build, 'succeeded');
    case 'failed':
    case 'cancelled':
      await store.finish(build.id, token, { status: op.how, fault: aFault('guest_panicked') });
      return end(build, op.how);
    default:
      await store.finish(build.id, token, { status: 'queued', losesAttempt, notBefore });
      return requeue(build, notBefore, !losesAttempt);
  }
};

const recover = async ({ store, builds }: World) => {
  const active = builds.filter(isActive);
  assert.deepEqual(
    await store.recover(),
    active.map(({ id }) => id),
  );
  for (const build of active) {
    const isBlamed = build.status === 'running' && !build.cancelRequested;
    if (isBlamed && build.isSuspect && active.length === 1) build.loneDeaths++;
    if (isBlamed && build.loneDeaths === limits.failed.deaths) end(build, 'failed');
    else requeue(build, 0, true);
    if (isBlamed) build.isSuspect = true;
  }
};

const withToken = async (world: World, build: Model, token: string, op: Op) => {
  const { store, clock } = world;
  if (op.do === 'finish') return await finish(world, build, token, op);
  if (op.do === 'beat') {
    build.leaseUntil = clock.time + 5;
    return assert.deepEqual(await store.heartbeat([token, 'nobody'], 5), ['nobody']);
  }
  if (op.do === 'hold' && build.status === 'running') {
    await store.hold(build.id, token, { until: clock.time }, aFault('guest_panicked'));
    build.status = 'held';
    build.version++;
  }
  if (op.do === 'resume' && build.status === 'held') {
    await store.resume(build.id, token, { by: 'me', from: 's' });
    build.status = 'running';
    build.version++;
  }
  if (op.do === 'step') {
    // Each step is of a phase that the one before was not of, or of the same: the model asks the store which.
    const before = (await store.find(build.id))?.phase;
    const seq = await store.beginStep(build.id, token, { name: 's', phase: 'booting' });
    await store.endStep(build.id, token, seq);
    build.version += before === 'booting' ? 2 : 3;
  }
};

const act = async (world: World, op: Op): Promise<void> => {
  const { store, clock, builds } = world;
  if (op.do === 'wait') {
    clock.time += op.ms;
    return;
  }
  if (op.do === 'recover') return await recover(world);
  if (op.do === 'add') {
    const build = aBuild({ priority: op.priority, demand: { memoryMb: op.memoryMb, diskMb: 1 } });
    await store.add(build);
    const fresh = { status: 'queued', attempt: 0, attemptsLeft: 3, notBefore: 0, version: 1 } as const;
    const { id, priority } = build;
    const flags = { cancelRequested: false, isSuspect: false, loneDeaths: 0, leaseUntil: 0 };
    builds.push({ id, priority, memoryMb: op.memoryMb, ...fresh, ...flags, token: undefined, stale: [] });
    return;
  }
  if (op.do === 'claim') {
    const token = `token ${world.tokens++}`;
    const first = head(world, op.memoryMb);
    const expected = first && mayRun(world, first) ? first : undefined;
    const claim = await store.claim({
      token,
      slot: 0,
      room: hostWith({ memoryMb: op.memoryMb, diskMb: 1 }),
      leaseMs: 10,
    });
    assert.equal(claim?.build.id, expected?.id);
    if (expected)
      Object.assign(expected, {
        ...{ status: 'running', token, attempt: expected.attempt + 1, attemptsLeft: expected.attemptsLeft - 1 },
        version: expected.version + 1,
        leaseUntil: clock.time + 10,
      });
    return;
  }
  const build = builds[op.pick % Math.max(1, builds.length)];
  if (!build) return;
  if (op.do === 'stale')
    for (const token of build.stale)
      await assert.rejects(
        store.finish(build.id, token, { status: 'succeeded', artifacts: [] }),
        failsAs('lease_lost'),
      );
  else if (op.do === 'cancel') {
    await store.cancel(build.id);
    if (build.status === 'queued') end(build, 'cancelled');
    else if (isActive(build) && !build.cancelRequested)
      Object.assign(build, { cancelRequested: true, version: build.version + 1 });
  } else if (op.do === 'remove') {
    if (!hasEnded(build)) return await assert.rejects(store.remove(build.id), failsAs('build_active'));
    assert.equal(await store.remove(build.id), true);
    builds.splice(builds.indexOf(build), 1);
  } else if (build.token) await withToken(world, build, build.token, op);
};

const agree = async ({ store, builds }: World): Promise<void> => {
  const counts = { queued: 0, running: 0, held: 0, succeeded: 0, failed: 0, cancelled: 0 };
  for (const model of builds) {
    counts[model.status]++;
    const build = await store.find(model.id);
    const { status, attempt, attemptsLeft, notBefore, cancelRequested, isSuspect, version } = model;
    const expected = { status, attempt, attemptsLeft, notBefore, cancelRequested, isSuspect, version };
    assert.deepEqual(
      build && {
        status: build.status,
        attempt: build.attempt,
        attemptsLeft: build.attemptsLeft,
        notBefore: build.notBefore,
        cancelRequested: build.cancelRequested,
        isSuspect: build.isSuspect,
        version: build.version,
      },
      expected,
    );
    assert.equal((await store.events(model.id, 0, 1000)).length, version);
  }
  assert.deepEqual(await store.counts(), counts);
  const due = builds.filter(({ status }) => status === 'queued').map(({ notBefore }) => notBefore);
  assert.equal(await store.nextDue(), due.length > 0 ? Math.min(...due) : undefined);
};

test('no sequence of calls brings the store to disagree with a model of it', async (t) => {
  let calls = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(ops, { minLength: 5, maxLength: 60, size: 'max' }), async (script) => {
      await using shop = await storeShop({ crashes: limits }, place);
      const world = { store: shop.store, clock: shop.clock, builds: [], tokens: 0 };
      for (const op of script) await act(world, op);
      await agree(world);
      calls += script.length;
    }),
    runs(300),
  );
  t.diagnostic(`300 sequences, ${calls} calls`);
});
