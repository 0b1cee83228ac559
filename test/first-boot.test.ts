import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awaitFirstBoot } from '../src/build/steps/install/await-first-boot.ts';
import { systemClock, type Clock } from '../src/base/clock.ts';
import type { Machine } from '../src/vmm/types.ts';
import { consoleOver } from './fixtures/console-desk.ts';
import { guestLine } from './fixtures/console-line.ts';

/** Ten minutes pass in a tenth of a second. */
const faster = 6000;
const quickClock: Clock = {
  ...systemClock,
  elapsed: () => systemClock.elapsed() * faster,
  sleep: (ms, signal) => systemClock.sleep(ms / faster, signal),
};

const never = new Promise<never>(() => undefined);

/** The step on a console that the test prints to; the rest of the machine stands still. */
const booting = async (print: (say: (text: string) => Promise<void>) => Promise<void>) => {
  const guest = guestLine();
  await using desk = await consoleOver(guest.line);
  const lines: string[] = [];
  const events: unknown[] = [];
  // Of a machine the step wants to know when it ends or reboots, and this one does neither.
  const machine = { ended: never, onRebooted: () => undefined } as unknown as Machine;
  const tools = {
    signal: new AbortController().signal,
    clock: quickClock,
    event: (type: string, data: unknown) => {
      events.push([type, data]);
    },
    said: async (all: readonly string[]) => {
      lines.push(...all);
    },
  };
  const running = {
    machine,
    console: desk.console,
    trouble: () => undefined,
    cutOff: () => undefined,
    isSilent: () => false,
    [Symbol.asyncDispose]: async () => undefined,
  };
  try {
    await Promise.all([awaitFirstBoot.run({ running }, tools), print(guest.print)]);
  } finally {
    guest.close();
  }
  return { lines, events };
};

test('the first boot is over at its login prompt, and what it does until then is told', async () => {
  const { lines, events } = await booting(async (say) => {
    await say('OpenBSD 7.9 (GENERIC) #1\r\nrunning rc.firsttime\r\nfw_update: add none; upd');
    await say('ate none\r\nRelinking to create unique kernel... done.\r\n');
    await say('starting local daemons: cron.\r\n\r\nOpenBSD/amd64 (base.my.domain) (tty00)\r\n\r\nlogin: ');
  });
  assert.deepEqual(lines, [
    'first boot: running rc.firsttime',
    'first boot: fw_update: add none; update none',
    'first boot: Relinking to create unique kernel... done.',
  ]);
  assert.equal(events.length, 3);
});

test('ten minutes without a word end it, with the last one; a slow one that prints is waited for', async () => {
  const silent = booting(async (say) => say('syspatch: something\r\nwaiting for the network'));
  await assert.rejects(silent, {
    code: 'console_silent',
    message: /the last line was "waiting for the network"/,
  });
  const slow = await booting(async (say) => {
    for (let minutes = 0; minutes < 40; minutes += 8) {
      await systemClock.sleep((8 * 60_000) / faster, new AbortController().signal);
      await say('.');
    }
    await say('\r\nlogin: ');
  });
  assert.deepEqual(slow.lines, []);
});
