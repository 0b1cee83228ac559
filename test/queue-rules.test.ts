import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isEnded, Status } from '../src/base/records/status.ts';
import { bounds } from '../src/base/bounds.ts';
import { Fault, faults, type FaultCode } from '../src/base/fault.ts';
import { onCancel } from '../src/queue/rules/cancel.ts';
import { changesPin, mayChange, onNewHold } from '../src/queue/rules/changes.ts';
import { onKey } from '../src/queue/rules/idempotency.ts';
import {
  fits,
  nextToStart,
  roomLeft,
  sumOf,
  suspectAmong,
  type FirstOf,
  type Queued,
  type Started,
} from '../src/queue/rules/order.ts';
import { isHeldAfter, maySettle, settled } from '../src/queue/rules/settle.ts';
import { mayBeTakenUp } from '../src/queue/rules/take-up.ts';
import { whyWaiting } from '../src/queue/rules/waiting.ts';
import { endsWithRun, fullRuns, runStatusOf } from '../src/queue/rules/run.ts';
import { checkMove, mayBecome } from '../src/queue/rules/status.ts';
import type { Outcome } from '../src/queue/records.ts';
import { aBuild, aFault, anArtifact, failsAs, storeShop } from './store-shop.ts';
import { runs } from './fixtures/long.ts';

const pairs = Status.options.flatMap((from) => Status.options.map((to) => [from, to] as const));

/** Highest priority first, then the oldest: ids sort by time. SQL says the same as ORDER BY priority DESC, id. */
const byTurn = (one: Queued, other: Queued): number => other.priority - one.priority || (one.id < other.id ? -1 : 1);

/** As the store finds it by an index. */
const firstOf =
  (queued: readonly Queued[], now: number): FirstOf =>
  (most, suspects, full) =>
    queued
      .filter(
        ({ notBefore, isSuspect, demand, runId }) =>
          notBefore <= now &&
          (suspects === 'too' || !isSuspect) &&
          fits(demand, most) &&
          (runId === undefined || !full.includes(runId)),
      )
      .toSorted(byTurn)[0];

test('of all pairs of statuses, a build makes the ten moves of the drawing and no other', () => {
  const drawn = [
    ...['queued>running', 'queued>cancelled'],
    ...['running>queued', 'running>held', 'running>succeeded', 'running>failed', 'running>cancelled'],
    ...['held>running', 'held>failed', 'held>cancelled'],
  ];
  const made = pairs.filter(([from, to]) => mayBecome(from, to)).map(([from, to]) => `${from}>${to}`);
  assert.deepEqual(made.toSorted(), drawn.toSorted());
  for (const [status, to] of pairs) {
    const move = () => checkMove({ id: 'b', status }, to);
    if (mayBecome(status, to)) move();
    else assert.throws(move, new RegExp(`${status}.*${to}`));
  }
});

test('a build has ended exactly when it may become nothing else', () => {
  const mayGoOn = (from: Status) => Status.options.some((to) => mayBecome(from, to));
  for (const status of Status.options) assert.equal(isEnded(status), !mayGoOn(status), status);
});

test('a pin that says the same is no change, and one that says another thing, or by another token, is', () => {
  const pin = { at: 1, by: 'ci', reason: 'shipped' };
  assert.equal(changesPin(pin, { by: 'ci', reason: 'shipped' }), false);
  assert.equal(changesPin({ at: 1, by: 'ci' }, { by: 'ci' }), false);
  for (const other of [{ by: 'ci' }, { by: 'ci', reason: 'kept' }, { by: 'me', reason: 'shipped' }])
    assert.ok(changesPin(pin, other));
  assert.ok(changesPin(undefined, { by: 'ci' }));
});

test('the end of a hold is moved, or set to now once; by less than a second it is not moved', () => {
  const does = (until: number, next: number, now: number) => onNewHold({ until }, next, now);
  assert.deepEqual([does(50_000, 90_000, 0), does(50_000, 20_000, 0)], ['change', 'change']);
  assert.deepEqual([does(50_000, 50_999, 0), does(50_000, 49_001, 0)], ['nothing', 'nothing']);
  assert.deepEqual([does(50_000, 7, 7), does(7, 8, 8), does(7, 7, 7)], ['end', 'nothing', 'nothing']);
});

test('a build may be changed so often and no more', () => {
  mayChange('b', bounds.buildChanges - 1);
  assert.throws(() => mayChange('b', bounds.buildChanges), failsAs('changes_exhausted'));
});

test('a cancel ends a build that waits, asks one that has a worker once, and leaves one that has ended alone', () => {
  const does = (status: Status, cancelRequested: boolean) => onCancel({ status, cancelRequested });
  assert.equal(does('queued', false), 'end');
  for (const status of ['running', 'held'] as const) {
    assert.equal(does(status, false), 'ask');
    assert.equal(does(status, true), 'nothing');
  }
  for (const status of Status.options.filter(isEnded)) assert.equal(does(status, false), 'nothing');
});

const again = { status: 'queued', losesAttempt: true, notBefore: 5 } as const satisfies Outcome;
const success = { status: 'succeeded', artifacts: [anArtifact('a')] } as const satisfies Outcome;
const failure = { status: 'failed', fault: aFault('step_timeout') } as const satisfies Outcome;
const heldFor = { status: 'held', fault: aFault('guest_panicked') } as const;

test('an attempt that ran ends as its worker says', () => {
  for (const outcome of [again, success, failure])
    assert.deepEqual(settled({ status: 'running', cancelRequested: false }, outcome), outcome);
});

test('a build whose client was told that it will be cancelled is not queued again, but may have ended before', () => {
  for (const build of [{ status: 'running' } as const, heldFor])
    assert.equal(settled({ ...build, cancelRequested: true }, again).status, 'cancelled');
  assert.deepEqual(settled({ status: 'running', cancelRequested: true }, success), success);
  assert.deepEqual(settled({ status: 'running', cancelRequested: true }, failure), failure);
});

test('a held build is neither queued again nor succeeds: it fails with the fault that it was held for', () => {
  for (const outcome of [again, success]) {
    const end = settled({ ...heldFor, cancelRequested: false }, outcome);
    assert.deepEqual(end, { status: 'failed', fault: heldFor.fault });
  }
});

test('whatever the outcome, a claimed build becomes what it may become', () => {
  for (const build of [{ status: 'running' } as const, heldFor])
    for (const cancelRequested of [false, true])
      for (const outcome of [again, success, failure])
        assert.ok(mayBecome(build.status, settled({ ...build, cancelRequested }, outcome).status));
});

test('a build is held for what its owner may look into, and only where its owner asked for it', () => {
  const codes = Object.keys(faults).filter((code): code is FaultCode => code in faults);
  const held = codes.filter((code) => isHeldAfter({ onError: 'hold' }, code));
  for (const code of ['provisioner_failed', 'console_silent', 'step_timeout', 'guest_panicked'] as const)
    assert.ok(held.includes(code), code);
  for (const code of ['cancelled', 'draining', 'lease_lost', 'machine_crashed', 'guest_floods'] as const)
    assert.ok(!held.includes(code), code);
  assert.ok(codes.every((code) => !isHeldAfter({ onError: 'cleanup' }, code)));
});

test('a claim of another host is left alone while its lease lasts, one without a host is not', () => {
  const may = (host: string | undefined, leaseUntil: number) => maySettle({ host, leaseUntil }, 'here', 1000);
  assert.deepEqual([may('here', 2000), may(undefined, 2000)], [true, true]);
  assert.deepEqual([may('there', 2000), may('there', 1000)], [false, true]);
});

test('a key is new, is replayed with the same body, and is in conflict with another', () => {
  const first = { digest: 'd1', kind: 'build', id: 'b1' } as const;
  const asked = { digest: 'd1', kind: 'build' } as const;
  assert.deepEqual(onKey(undefined, asked), { kind: 'new' });
  assert.deepEqual(onKey(first, asked), { kind: 'replay', first });
  assert.deepEqual(onKey(first, { ...asked, digest: 'd2' }), { kind: 'conflict', first });
  assert.deepEqual(onKey(first, { ...asked, kind: 'run' }), { kind: 'conflict', first });
});

const demand = { memoryMb: 10, diskMb: 10 };
const queued = (change: Partial<Queued> = {}): Queued => ({
  ...{ id: 'b', priority: 0, notBefore: 0, createdAt: 0, demand, isSuspect: false },
  ...change,
});
const started = (change: Partial<Started> = {}): Started => ({
  ...{ id: 'r', status: 'running', isSuspect: false, leaseUntil: 2000, claimedAt: 0, demand },
  ...change,
});

test('what runs is taken from the whole room, which may have shrunk below it', () => {
  assert.deepEqual(roomLeft({ memoryMb: 25.7, diskMb: 15 }, sumOf([demand, demand])), { memoryMb: 5, diskMb: -5 });
});

const memory = (memoryMb: number) => ({ memoryMb, diskMb: 1 });

/** The id of what starts at `now`, on a host with 100 MB of memory whose running builds leave `left`. */
const next = (all: readonly Queued[], left: number, running: readonly Started[] = [], now = 0) => {
  const disk = { diskMb: 100 };
  const room = { whole: { memoryMb: 100, ...disk }, left: { memoryMb: left, ...disk }, reserveAfterMs: 50 };
  return nextToStart(firstOf(all, now), running, room, now)?.id;
};

test('the head of the queue starts where it has room; until then smaller builds pass it', () => {
  const [large, small] = [queued({ id: 'a', demand: memory(90) }), queued({ id: 'b' })];
  assert.equal(next([small, large], 90), 'a');
  assert.equal(next([small, large], 89), 'b');
  assert.equal(next([large], 89), undefined);
  assert.equal(next([small, { ...large, notBefore: 1 }], 90), 'b', 'not while it pauses');
});

test('what becomes free is kept for a build that has waited, beside which others still pass', () => {
  const large = queued({ id: 'a', demand: memory(60) });
  const [small, middle] = [queued({ id: 'b', demand: memory(10) }), queued({ id: 'c', demand: memory(45) })];
  const before = started({ demand: memory(50) });
  assert.equal(next([large, middle], 50, [before], 49), 'c', 'it has not waited long');
  assert.equal(next([large, middle], 50, [before], 50), undefined, 'the host has no room for both');
  assert.equal(next([large, middle, small], 50, [before], 50), 'b', 'the host has room for both');
  const since = [1, 2, 3].map((n) => started({ id: `s${n}`, claimedAt: 51, demand: memory(10) }));
  assert.equal(next([large, small], 20, [before, ...since], 60), 'b');
  const four = [...since, started({ id: 's4', claimedAt: 55, demand: memory(10) })];
  assert.equal(next([large, small], 10, [before, ...four], 60), undefined, 'all beside it is taken');
  assert.equal(next([large, small], 60, four, 60), 'a');
  assert.equal(
    next([{ ...large, notBefore: 30 }, middle], 50, [before], 79),
    'c',
    'the wait begins when a pause is over',
  );
});

test('a build that this host could not run even alone keeps nothing for itself, and others wait for none but the next', () => {
  const [never, large] = [queued({ id: 'a', demand: memory(101) }), queued({ id: 'b', demand: memory(90) })];
  const small = queued({ id: 'c' });
  assert.equal(next([never, large, small], 50, [started()], 10), 'c');
  assert.equal(next([never, large, small], 9, [started()], 60), undefined);
  assert.equal(next([never, small], 10, [started()], 1_000), 'c');
  assert.equal(next([never], 100), undefined);
});

test('a suspect starts beside no other, and none beside it, until the lease of what is in the way is over', () => {
  const may = (isSuspect: boolean, other: boolean, now: number) =>
    next([queued({ isSuspect }), queued({ id: 'c' })], 100, [started({ isSuspect: other })], now);
  assert.deepEqual([may(false, false, 0), may(true, false, 0), may(false, true, 0)], ['b', undefined, undefined]);
  assert.deepEqual([may(true, false, 2000), may(false, true, 2000)], ['b', 'b']);
  assert.equal(
    next([queued({ isSuspect: true })], 100, [started({ status: 'held' })]),
    'b',
    'what is held does not run',
  );
  assert.deepEqual(suspectAmong(queued({ isSuspect: true }), [started()], 0), { id: 'b', state: 'waits' });
  assert.deepEqual(suspectAmong(queued(), [started({ isSuspect: true })], 0), { id: 'r', state: 'runs' });
  assert.equal(suspectAmong(queued(), [started({ isSuspect: true })], 2000), undefined);
});

test('a suspect passes no build that waits for room', () => {
  const all = [queued({ id: 'a', demand: memory(90) }), queued({ id: 'b', isSuspect: true }), queued({ id: 'c' })];
  assert.equal(next(all, 50), 'c');
});

test('why a build waits is told by what is in its way first', () => {
  const room = { whole: { memoryMb: 100, diskMb: 30 }, left: { memoryMb: 20, diskMb: 20 }, reserveAfterMs: 50 };
  const place = { position: 3, started: [started()] };
  const why = (
    change: Partial<Queued>,
    host: Partial<Parameters<typeof whyWaiting>[2]> = {},
    at: Partial<Parameters<typeof whyWaiting>[1]> = {},
    now = 0,
  ) => whyWaiting(queued(change), { ...place, ...at }, { room, hasFreeSlot: true, ...host }, now);
  const trouble = new Fault('program_missing', 'qemu was not found.');
  assert.deepEqual(why({}, { trouble }), {
    ...{ for: 'hypervisor', position: 3, message: 'This host cannot build for now: qemu was not found.' },
  });
  assert.equal(why({ notBefore: 1 }).for, 'retry');
  assert.deepEqual(why({ demand: { memoryMb: 10, diskMb: 70 } }), {
    ...{ for: 'disk', position: 3, needsMb: 70, freeMb: 30, evenAlone: true },
    message: 'It takes 70 MB of disk, and there are 30 MB, even with no other build. Smaller builds pass it.',
  });
  assert.match(why({}, {}, { started: [started({ isSuspect: true })] }).message, /^Build r runs alone/);
  assert.deepEqual(why({}, { hasFreeSlot: false }), { for: 'slot', position: 3, message: 'All workers are busy.' });
  assert.deepEqual(why({ demand: memory(30) }), {
    ...{ for: 'memory', position: 3, needsMb: 30, freeMb: 20 },
    message: 'It takes 30 MB of memory, and there are 20 MB beside the builds that run.',
  });
  assert.match(why({}, {}, { first: queued({ id: 'a', isSuspect: true }) }).message, /^Build a is to run alone/);
  const first = queued({ id: 'a', demand: memory(95) });
  assert.deepEqual(why({}, {}, { first }, 60), {
    ...{ for: 'memory', position: 3, needsMb: 10, freeMb: 5 },
    message: 'It takes 10 MB of memory, and what is free is kept for build a, which has waited for long.',
  });
  assert.match(why({}, {}, { first }, 40).message, /about to start/);
});

test('the store claims in the order of the rule, whatever is queued and runs', async () => {
  const row = fc.record({
    priority: fc.integer({ min: -2, max: 2 }),
    pauseMs: fc.constantFrom(0, 0, 1000),
    memoryMb: fc.constantFrom(1, 5, 9, 12),
  });
  const look = fc.record({
    whole: fc.constantFrom(5, 10, 12),
    laterMs: fc.constantFrom(0, 100, 1000),
    ends: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 12 }), fc.array(look, { maxLength: 30 }), async (rows, looks) => {
      await using shop = await storeShop();
      const { store, clock } = shop;
      const model: Queued[] = [];
      const running: (Started & { readonly token: string })[] = [];
      let tokens = 0;
      const tryToClaim = async (whole: number) => {
        const all = { memoryMb: whole, diskMb: 100 };
        const left = roomLeft(all, sumOf(running.map((one) => one.demand)));
        const room = { whole: all, left, reserveAfterMs: 500 };
        const expected = nextToStart(firstOf(model, clock.time), running, room, clock.time);
        const token = `t${tokens++}`;
        const claim = await store.claim({ token, slot: 0, room, leaseMs: 1e9 });
        assert.equal(claim?.build.id, expected?.id);
        if (!claim || !expected) return undefined;
        model.splice(model.indexOf(expected), 1);
        running.push({
          ...started({ id: expected.id, claimedAt: clock.time, leaseUntil: Infinity, demand: expected.demand }),
          token,
        });
        return expected;
      };
      const end = async (one: (typeof running)[number] | undefined, notBefore?: number) => {
        if (one === undefined) return;
        running.splice(running.indexOf(one), 1);
        const again =
          notBefore === undefined ? success : ({ status: 'queued', losesAttempt: false, notBefore } as const);
        await store.finish(one.id, one.token, again);
      };
      for (const { priority, pauseMs, memoryMb } of rows) {
        const build = aBuild({ priority, demand: { memoryMb, diskMb: 1 } });
        const { build: added } = await store.add(build);
        model.push(added);
        if (pauseMs === 0) continue;
        // A build pauses only after an attempt.
        const ran = await tryToClaim(12);
        if (ran === undefined) continue;
        const notBefore = clock.time + pauseMs;
        await end(running.at(-1), notBefore);
        model.push({ ...ran, notBefore });
      }
      for (const { whole, laterMs, ends } of looks) {
        clock.time += laterMs;
        await tryToClaim(whole);
        if (ends) await end(running[0]);
      }
    }),
    runs(300),
  );
});

const inRun = (id: string, status: Started['status'], parallel?: number) => ({
  status,
  run: { id, ...(parallel === undefined ? {} : { parallel }) },
});

test('a run is full when as many of its builds run as may: held ones and those without a limit do not count', () => {
  assert.deepEqual(fullRuns([]), []);
  assert.deepEqual(fullRuns([{ status: 'running' }, inRun('a', 'running'), inRun('a', 'running')]), []);
  assert.deepEqual(fullRuns([inRun('a', 'running', 2), inRun('b', 'running', 1), inRun('c', 'held', 1)]), ['b']);
  assert.deepEqual(fullRuns([inRun('a', 'running', 2), inRun('a', 'running', 2)]), ['a']);
});

test('a build of a full run is passed, and told so', () => {
  const now = 10;
  const room = { whole: { memoryMb: 100, diskMb: 100 }, left: { memoryMb: 90, diskMb: 90 }, reserveAfterMs: 50 };
  const running = [started({ run: { id: 'x', parallel: 1 } })];
  const all = [queued({ id: 'a', runId: 'x' }), queued({ id: 'b', runId: 'y' })];
  assert.equal(nextToStart(firstOf(all, now), running, room, now)?.id, 'b');
  const place = { position: 1, started: running };
  const why = whyWaiting(queued({ id: 'a', runId: 'x' }), place, { room, hasFreeSlot: true }, now);
  assert.deepEqual([why.for, /1 of its builds/.test(why.message)], ['run', true]);
});

test('a run has one word for all of its builds, deleted ones too', () => {
  const none = { builds: 3, succeeded: 0, failed: 0, cancelled: 0, queued: 0 };
  const cases = [
    [{ queued: 3 }, 'queued'],
    [{ queued: 2 }, 'running'],
    [{ succeeded: 1, queued: 2 }, 'running'],
    [{ failed: 2 }, 'running'],
    [{ succeeded: 3 }, 'succeeded'],
    [{ succeeded: 1, failed: 1, cancelled: 1 }, 'failed'],
    [{ succeeded: 2, cancelled: 1 }, 'cancelled'],
  ] as const;
  for (const [change, status] of cases) assert.equal(runStatusOf({ ...none, ...change }), status);
});

test('a failure in a run ends what waits and what runs, and nothing else', () => {
  const ended = Status.options.filter((status) => endsWithRun({ status }));
  assert.deepEqual(ended, ['queued', 'running']);
});

test('a build is taken up that runs, is wanted, and cannot have ended the daemon twice', () => {
  const runs = { status: 'running', cancelRequested: false } as const;
  const innocent = { isSuspect: false, verdict: undefined } as const;
  assert.equal(mayBeTakenUp(runs, innocent), true);
  assert.equal(mayBeTakenUp(runs, { ...innocent, verdict: 'clear' }), true);
  assert.equal(mayBeTakenUp(runs, { ...innocent, verdict: 'suspect' }), false);
  assert.equal(mayBeTakenUp(runs, { ...innocent, isSuspect: true }), false);
  assert.equal(mayBeTakenUp({ ...runs, status: 'held' }, innocent), false);
  assert.equal(mayBeTakenUp({ ...runs, cancelRequested: true }, innocent), false);
});
