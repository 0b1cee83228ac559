import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { consoleOver, failsAs, signal, turn } from './fixtures/console-desk.ts';
import { guestLine, ttyGuest } from './fixtures/console-line.ts';

const panics: readonly (readonly [string, string, RegExp])[] = [
  [
    'Linux',
    '[    1.234567] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n',
    /unable to mount root fs/i,
  ],
  ['Linux with callers', '[    1.234567][    T1] Kernel panic - not syncing: Attempted to kill init!\r\n', /kill init/],
  ['Linux without times', 'Kernel panic - not syncing: No working init found.\r\n', /No working init/],
  ['Linux behind a prompt', '/ # [   12.345678] Kernel panic - not syncing: sysrq triggered crash\r\n', /sysrq/],
  ['OpenBSD', 'panic: uvm_fault(0xffffffff82, 0x0, 0, 1) -> e\n\r', /^panic: uvm_fault/],
  ['its debugger', 'Stopped at      db_enter+0x10:  popq    %rbp\n\rddb{0}> ', /^ddb\{0\}>/],
  ['NetBSD', '[   1.0400041] panic: cnopen: no console device\r\n', /cnopen/],
  ['FreeBSD', 'panic: page fault\r\ncpuid = 0\r\nKDB: enter: panic\r\ndb> ', /page fault/],
];

for (const [system, text, saw] of panics)
  test(`a panic of ${system} is seen while something else is awaited, however it is cut in pieces`, async () => {
    for (const size of [1, 7, 1000]) {
      const guest = guestLine();
      await using desk = await consoleOver(guest.line);
      const waiting = desk.console.converse([turn({ hear: 'login:' })], signal);
      const whole = `booting\r\n${text}`;
      for (let at = 0; at < whole.length; at += size) void guest.print(whole.slice(at, at + size));
      await assert.rejects(
        Promise.race([waiting, desk.console.panicked]),
        failsAs('guest_panicked', { saw, consoleTail: /booting/ }),
      );
      guest.close();
      await assert.rejects(waiting, failsAs('console_closed'));
    }
  });

test('a panic whose line never ends is seen when the line closes', async () => {
  const guest = guestLine();
  await using desk = await consoleOver(guest.line);
  void guest.print('panic: out of swap');
  guest.close();
  await assert.rejects(desk.console.panicked, failsAs('guest_panicked', { saw: /^panic: out of swap$/ }));
});

test('words about a panic are no panic', async () => {
  const guest = ttyGuest({ afterLine: (line, { print }) => void print(`${line.replace(/^echo /, '')}\r\n# `) });
  await using desk = await consoleOver(guest.line);
  let panicked = false;
  desk.console.panicked.catch(() => (panicked = true));
  void guest.print(
    [
      'sysctl: kernel.panic: 0',
      'Jan  1 00:00:00 host kernel: [   12.3] Kernel panic - not syncing: in a log of another machine',
      'Command line: panic=-1 quiet',
      'do not panic: all is well',
      'see ddb> in ddb(4)',
      'panic: runtime error: index out of range [5] with length 3',
      '',
      '> ',
    ].join('\r\n'),
  );
  await desk.console.converse(
    [
      turn({ hear: '> $', say: 'panic: this is typed' }),
      turn({ hear: '# $', say: 'echo panic: this is typed, too' }),
      turn({ hear: '# $', say: 'ddb> is a prompt' }),
      turn({ hear: '# $' }),
    ],
    signal,
  );
  await systemClock.sleep(20, signal);
  assert.equal(panicked, false);
});

test('a line of a megabyte is no panic and no burden', async () => {
  const guest = guestLine();
  await using desk = await consoleOver(guest.line);
  const piece = 'panic '.repeat(1000);
  const startedAt = systemClock.elapsed();
  for (let i = 0; i < 170; i++) await guest.print(piece);
  await guest.print('\r\npanic: at last\r\n');
  await assert.rejects(desk.console.panicked, failsAs('guest_panicked', { saw: /^panic: at last$/ }));
  assert.ok(systemClock.elapsed() - startedAt < 2000);
});
