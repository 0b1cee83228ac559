import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isEnded, Status } from '../src/base/records/status.ts';
import { faults, type FaultCode } from '../src/base/fault.ts';
import { onCancel } from '../src/queue/rules/cancel.ts';
import { onKey } from '../src/queue/rules/idempotency.ts';
import { headOf, mayStart, roomLeft, sumOf, suspectAmong, type Queued } from '../src/queue/rules/order.ts';
import { isHeldAfter, maySettle, settled } from '../src/queue/rules/settle.ts';
import { checkMove, mayBecome } from '../src/queue/rules/status.ts';
import type { Outcome } from '../src/queue/store.ts';
import { aBuild, aFault, anArtifact, roomy, storeShop } from './store-shop.ts';

const pairs = Status.options.flatMap((from) => Status.options.map((to) => [from, to] as const));

test('of all pairs of statuses, a build makes the nine moves of the drawing and no other', () => {
  const drawn = [
    ...['queued>running', 'queued>cancelled'],
    ...['running>queued', 'running>held', 'running>succeeded', 'running>failed', 'running>cancelled'],
    ...['held>failed', 'held>cancelled'],
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
  const first = { digest: 'd1', build: 'b1' };
  assert.deepEqual(onKey(undefined, 'd1'), { kind: 'new' });
  assert.deepEqual(onKey(first, 'd1'), { kind: 'replay', build: 'b1' });
  assert.deepEqual(onKey(first, 'd2'), { kind: 'conflict', build: 'b1' });
});

const demand = { memoryMb: 10, diskMb: 10 };
const queued = (change: Partial<Queued> = {}): Queued => ({
  ...{ id: 'b', priority: 0, notBefore: 0, demand, isSuspect: false },
  ...change,
});
const started = (isSuspect: boolean, leaseUntil = 2000) => ({ id: 'r', isSuspect, leaseUntil });

test('what runs is taken from the whole room, which may have shrunk below it', () => {
  assert.deepEqual(roomLeft({ memoryMb: 25.7, diskMb: 15 }, sumOf([demand, demand])), { memoryMb: 5, diskMb: -5 });
});

test('the head of the queue starts where it fits, and is not passed by one that would', () => {
  const [large, small] = [queued({ id: 'a', demand: { memoryMb: 90, diskMb: 10 } }), queued({ id: 'b' })];
  const head = headOf([small, large], 0);
  assert.equal(head, large);
  assert.equal(mayStart(large, [], { memoryMb: 89, diskMb: 10 }, 0), false);
  assert.equal(mayStart(large, [], { memoryMb: 90, diskMb: 9 }, 0), false);
  assert.equal(mayStart(large, [], { memoryMb: 90, diskMb: 10 }, 0), true);
});

test('a suspect starts beside no other, and none beside it, until the lease of what is in the way is over', () => {
  const may = (isSuspect: boolean, other: boolean, now: number) =>
    mayStart(queued({ isSuspect }), [started(other)], demand, now);
  assert.deepEqual([may(false, false, 0), may(true, false, 0), may(false, true, 0)], [true, false, false]);
  assert.deepEqual([may(true, false, 2000), may(false, true, 2000)], [true, true]);
  assert.deepEqual(suspectAmong(queued({ isSuspect: true }), [started(false)], 0), { id: 'b', state: 'waits' });
  assert.deepEqual(suspectAmong(queued(), [started(true)], 0), { id: 'r', state: 'runs' });
  assert.equal(suspectAmong(queued(), [started(true)], 2000), undefined);
});

test('the store claims in the order of the rule, whatever is queued', async () => {
  const row = fc.record({
    priority: fc.integer({ min: -2, max: 2 }),
    pauseMs: fc.constantFrom(0, 0, 1000),
    memoryMb: fc.constantFrom(1, 9),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 12 }), async (rows) => {
      await using shop = await storeShop();
      const { store, clock } = shop;
      const model: Queued[] = [];
      for (const { priority, pauseMs, memoryMb } of rows) {
        const build = aBuild({ priority, demand: { memoryMb, diskMb: 1 } });
        await store.add(build);
        model.push({ ...build, notBefore: 0, isSuspect: false });
        if (pauseMs === 0) continue;
        // A build pauses only after an attempt, which the head of the queue gets here.
        const claim = await store.claim({ token: build.id, slot: 0, room: roomy, leaseMs: 1 });
        const at = model.findIndex(({ id }) => id === claim?.build.id);
        const ran = model[at];
        if (!claim || !ran) continue;
        const notBefore = clock.time + pauseMs;
        await store.finish(ran.id, claim.token, { status: 'queued', losesAttempt: false, notBefore });
        model[at] = { ...ran, notBefore };
      }
      for (let looks = 0; model.length > 0 && looks < 50; looks++) {
        const room = { memoryMb: looks % 2 ? 9 : 5, diskMb: 9 };
        const head = headOf(model, clock.time);
        const claim = await store.claim({ token: `t${looks}`, slot: 0, room, leaseMs: 1 });
        const expected = head && mayStart(head, [], room, clock.time) ? head.id : undefined;
        assert.equal(claim?.build.id, expected);
        if (claim)
          model.splice(
            model.findIndex(({ id }) => id === claim.build.id),
            1,
          );
        if (!head) clock.time += 1000;
      }
      assert.deepEqual(model, []);
    }),
    { numRuns: 60 },
  );
});
