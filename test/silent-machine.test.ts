import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, type FaultCode } from '../src/base/fault.ts';
import { withSilence } from '../src/build/machine/running.ts';
import type { Machine } from '../src/vmm/types.ts';

const machine = {} as Machine;
const display = {} as NonNullable<Machine['display']>;

const told = (running: Parameters<typeof withSilence>[1], displays: readonly string[], code: FaultCode) =>
  withSilence(new Fault(code, 'It took too long.'), running, displays).message;

test('a wait that ends while nothing has ever come on the console says so, with advice where there is a display to be had', () => {
  const silent = { isSilent: () => true, machine };
  const hangs =
    'Nothing came on the console since the machine started: a boot loader that wants a display hangs without one';
  for (const code of ['console_silent', 'ssh_unreachable', 'step_timeout', 'build_timeout'] as const) {
    assert.equal(told(silent, ['vga'], code), `It took too long. ${hangs}; set "display" of "machine" to "vga".`);
    assert.equal(told(silent, [], code), `It took too long. ${hangs}.`);
  }
  const shown = { ...silent, machine: { ...machine, display } };
  assert.match(told(shown, ['vga'], 'step_timeout'), /since the machine started; see what its display shows\.$/);
});

test('other faults, guests that spoke, and builds without a machine are told as they were', () => {
  const silent = { isSilent: () => true, machine };
  assert.equal(told(silent, ['vga'], 'guest_halted'), 'It took too long.');
  assert.equal(told({ isSilent: () => false, machine }, ['vga'], 'step_timeout'), 'It took too long.');
  assert.equal(told(undefined, ['vga'], 'step_timeout'), 'It took too long.');
});
