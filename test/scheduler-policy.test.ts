import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, faults, inStep } from '../src/base/fault.ts';
import type { FaultCode } from '../src/base/fault.ts';
import { afterFault, pauseAfter, pausesMs } from '../src/queue/rules/retry.ts';

const codes = Object.keys(faults).filter((code): code is FaultCode => code in faults);
const middle = () => 0.5;

test('only infra is tried again, and only while attempts are left', () => {
  for (const code of codes.filter(
    (one) => !['draining', 'not_taken_up', 'layer_unusable'].includes(one) && faults[one].class !== 'cancelled',
  )) {
    const tried = (attemptsLeft: number) =>
      afterFault({ attempt: 1, attemptsLeft }, new Fault(code, 'x'), 1000, middle).status;
    assert.equal(tried(1), faults[code].class === 'infra' ? 'queued' : 'failed', code);
    assert.equal(tried(0), 'failed', code);
  }
});

test('a build that a stopping daemon let go is queued at once and keeps its attempt, even its last', () => {
  assert.deepEqual(afterFault({ attempt: 3, attemptsLeft: 0 }, new Fault('draining', 'x'), 1000, middle), {
    status: 'queued',
    losesAttempt: false,
    notBefore: 1000,
  });
  // The daemon stopped before, and the next could not go on with it; and a layer that is thrown away costs its build nothing.
  for (const code of ['not_taken_up', 'layer_unusable'] as const) {
    const left = afterFault({ attempt: 3, attemptsLeft: 0 }, new Fault(code, 'x'), 1000, middle);
    assert.deepEqual([left.status, 'losesAttempt' in left && left.losesAttempt], ['queued', false], code);
  }
});

test('a fault that ends a build says in which step it happened', () => {
  const fault = inStep(new Fault('cancelled', 'x'), 'boot');
  const outcome = afterFault({ attempt: 1, attemptsLeft: 2 }, fault, 0, middle);
  assert.ok(outcome.status === 'cancelled');
  assert.equal(outcome.fault.step, 'boot');
});

test('the pause grows from 2 s to 5 min, and never strays from it by more than a fifth', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 50].map((attempt) => pauseAfter(attempt, middle)),
    [...pausesMs, 300_000, 300_000],
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (attempt, chance) => {
        const usual = pauseAfter(attempt, middle);
        const pause = pauseAfter(attempt, () => chance);
        assert.ok(pause >= usual * 0.8 && pause <= usual * 1.2);
      },
    ),
  );
});
