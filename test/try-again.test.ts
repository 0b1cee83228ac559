import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { Fault, type FaultCode } from '../src/base/fault.ts';
import type { Policy } from '../src/provisioners/common.ts';
import { tryAgain } from '../src/provisioners/try-again.ts';

const on = () => new AbortController().signal;

/** Runs what fails so, and tells how often it was run and logged in again. */
const tries = async (code: FaultCode, policy: Partial<Policy> = {}) => {
  let [ran, reconnected] = [0, 0];
  const tools = {
    clock: systemClock,
    onLines: () => undefined,
    doing: () => '',
    reconnect: async () => void reconnected++,
  };
  const whole = { name: 'work', timeoutMs: 10_000, maxRetries: 2, pauseBeforeMs: 0, ...policy };
  const run = () => {
    ran++;
    return Promise.reject(new Fault(code, 'no'));
  };
  await assert.rejects(tryAgain(whole, run, tools, on()), { code });
  return { ran, reconnected };
};

test('what the guest may do better the next time is tried again, with a new login where the connection broke', async () => {
  assert.deepEqual(await tries('provisioner_failed'), { ran: 3, reconnected: 0 });
  assert.deepEqual(await tries('ssh_broken'), { ran: 3, reconnected: 2 });
  assert.deepEqual(await tries('console_silent', { maxRetries: 1 }), { ran: 2, reconnected: 0 });
});

test('what another try cannot mend ends the provisioner at once', async () => {
  for (const code of ['guest_panicked', 'template_invalid', 'storage_full', 'machine_crashed', 'cancelled'] as const)
    assert.deepEqual(await tries(code), { ran: 1, reconnected: 0 }, code);
});

test('a try that takes too long is told with what it was doing, and each has the whole time', async () => {
  let ran = 0;
  const policy = { name: 'work', timeoutMs: 100, maxRetries: 1, pauseBeforeMs: 0 };
  const tools = { clock: systemClock, onLines: () => undefined, doing: () => ': the script ran' };
  const run = async (signal: AbortSignal) => {
    ran++;
    await systemClock.sleep(60_000, signal);
  };
  await assert.rejects(tryAgain(policy, run, tools, on()), (error) => {
    assert.ok(error instanceof Fault);
    assert.deepEqual(
      [error.code, error.message, ran],
      ['step_timeout', 'The provisioner work did not end within 0.1 s: the script ran.', 2],
    );
    return true;
  });
});
