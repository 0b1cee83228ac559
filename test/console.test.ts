import { untilTrue } from './fixtures/until-true.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { consoleOver, failsAs, signal, turn } from './fixtures/console-desk.ts';
import { guestLine, ttyGuest } from './fixtures/console-line.ts';

test('an installer is answered line by line, in order', async () => {
  const guest = ttyGuest({
    afterLine: (line, { print }) => {
      if (line === 'a') void print('Response file location? [http://100.64.1.2/install.conf] ');
      else void print(`Fetching ${line}\r\nCONGRATULATIONS! Your install has been completed!\r\n`);
    },
  });
  await using desk = await consoleOver(guest.line);
  void guest.print('(I)nstall, (U)pgrade, (A)utoinstall or (S)hell? ');
  await desk.console.converse(
    [
      turn({ hear: String.raw`\(S\)hell\? $`, say: 'a' }),
      turn({ hear: String.raw`^Response file location\?.*\] $`, say: 'http://10.0.2.2:8080/install.conf' }),
      turn({ hear: 'CONGRATULATIONS!', refuse: ['failed; check'] }),
    ],
    signal,
  );
  assert.deepEqual(guest.entered, ['a', 'http://10.0.2.2:8080/install.conf']);
  assert.deepEqual(
    desk.events.map(({ type }) => type),
    ['console.heard', 'console.said', 'console.heard', 'console.said', 'console.heard'],
  );
});

test('what a match or an echo consumed is not heard again', async () => {
  const guest = ttyGuest({ afterLine: (_line, { print }) => void print('# ') });
  await using desk = await consoleOver(guest.line);
  void guest.print('login: ');
  await desk.console.converse([turn({ hear: 'login', say: 'echo DONE' })], signal);
  await assert.rejects(
    desk.console.converse([turn({ hear: 'DONE', withinMs: 100 })], signal),
    failsAs('console_silent', { expected: /^DONE$/, saw: /# ?$/, withinMs: 100 }),
  );
});

test('an optional line is skipped when a later one is heard first, and its answer is not given', async () => {
  const guest = ttyGuest();
  await using desk = await consoleOver(guest.line);
  void guest.print('login: ');
  await desk.console.converse(
    [
      turn({ hear: 'boot> $', optional: true, say: 'boot -s', withinMs: 60_000 }),
      turn({ hear: 'Password', optional: true, say: 'no', withinMs: 60_000 }),
      turn({ hear: 'login: $', say: 'root' }),
    ],
    signal,
  );
  assert.deepEqual(guest.entered, ['root']);
  assert.deepEqual(desk.events.slice(0, 2), [
    { type: 'console.skipped', pattern: 'boot> $' },
    { type: 'console.skipped', pattern: 'Password' },
  ]);
});

test('an optional line is skipped when its time runs out, and what came stays to be heard', async () => {
  const guest = ttyGuest();
  await using desk = await consoleOver(guest.line);
  void guest.print('boot> ');
  await desk.console.converse(
    [turn({ hear: 'never', optional: true, withinMs: 30 }), turn({ say: 'x' }), turn({ hear: '^x' })].slice(0, 1),
    signal,
  );
  await desk.console.converse([turn({ hear: 'boot> $', say: 'boot bsd.rd' })], signal);
  assert.deepEqual(guest.entered, ['boot bsd.rd']);
});

test('a refused line ends the wait at once, with the line that was seen', async () => {
  const guest = guestLine();
  await using desk = await consoleOver(guest.line);
  void guest.print('Installing\r\nfailed; check /tmp/ai/ai.log\r\n(I)nstall? ');
  await assert.rejects(
    desk.console.converse([turn({ hear: 'CONGRATULATIONS', refuse: ['panic', 'failed; check .*log$'] })], signal),
    failsAs('console_refused', {
      expected: /^CONGRATULATIONS$/,
      saw: /^failed; check \/tmp\/ai\/ai.log$/,
      pattern: /^failed/,
      consoleTail: /Installing\nfailed/,
    }),
  );
  assert.deepEqual(desk.events, [
    {
      type: 'console.refused',
      pattern: 'failed; check .*log$',
      text: 'failed; check /tmp/ai/ai.log',
    },
  ]);
});

test('a line that closes while it is listened to ends the wait, after everything that came was heard', async () => {
  const guest = guestLine();
  await using desk = await consoleOver(guest.line);
  void guest.print('syncing disks... done');
  guest.close();
  await desk.console.converse([turn({ hear: 'done$' })], signal);
  await assert.rejects(
    desk.console.converse([turn({ hear: 'login:' })], signal),
    failsAs('console_closed', { expected: /login:/, consoleTail: /syncing/ }),
  );
  await desk.console.drained;
  assert.equal(String(await desk.heard()), 'syncing disks... done');
});

test('an abort ends a wait with its reason', async () => {
  const guest = guestLine();
  await using desk = await consoleOver(guest.line);
  const own = new AbortController();
  const waiting = desk.console.converse([turn({ hear: 'x', withinMs: 60_000 })], own.signal);
  own.abort(new Error('cancelled by its owner'));
  await assert.rejects(waiting, /cancelled by its owner/);
});

test('patterns see text without escape sequences, characters whole that were split, and bytes that are no text', async () => {
  const guest = guestLine();
  await using desk = await consoleOver(guest.line);
  const text = Buffer.from('\x1b[1;32mGrüße\x1b[0m, \x1b[?2004h# ');
  for (const byte of text) void guest.print(Uint8Array.of(byte));
  await desk.console.converse([turn({ hear: '^Grüße, # $' })], signal);
  void guest.print(Uint8Array.of(0xff, 0x21));
  await desk.console.converse([turn({ hear: '\uFFFD!' })], signal);
  void guest.print('\x1b[2J menu');
  await desk.console.converse([turn({ hear: String.raw`\x1b\[2J` }), turn({ hear: ' menu$' })], signal);
});

test('a pattern that backtracks without end elsewhere is searched for in no time, and found', async () => {
  const guest = guestLine();
  await using desk = await consoleOver(guest.line);
  void guest.print(`${'a'.repeat(5000)}b`);
  const heard = desk.console.converse([turn({ hear: '(a+)+$' })], signal);
  await guest.print('\r\naaa');
  await heard;
});

test('keys are pressed as they are, with their pauses, and may wait for text', async () => {
  const guest = guestLine((text, { print }) => void (text === '\x1b' ? print('boot: ') : undefined));
  await using desk = await consoleOver(guest.line);
  const startedAt = systemClock.elapsed();
  await desk.console.converse(
    [
      turn({
        press: [
          { type: '\x1b' },
          { expect: 'boot: $', withinMs: 2000 },
          { type: 'ab' },
          { waitMs: 50 },
          { type: '\r' },
        ],
        keyIntervalMs: 10,
      }),
    ],
    signal,
  );
  assert.equal(guest.typed(), '\x1bab\r');
  assert.ok(systemClock.elapsed() - startedAt >= 70);
});

test('a refused line ends a pause between keys', async () => {
  const guest = guestLine();
  await using desk = await consoleOver(guest.line);
  const pressing = desk.console.converse(
    [turn({ press: [{ waitMs: 60_000 }], refuse: ['No bootable device'] })],
    signal,
  );
  void guest.print('No bootable device.\r\n');
  await assert.rejects(pressing, failsAs('console_refused', { saw: /^No bootable device\.$/ }));
});

test('a person types between the turns, not into them', async () => {
  const guest = ttyGuest({ lateMs: 20 });
  await using desk = await consoleOver(guest.line);
  const saying = desk.console.converse([turn({ say: 'root' })], signal);
  await untilTrue(() => guest.typed() !== '');
  await desk.console.type(Buffer.from('halt\r'), signal);
  await saying;
  void guest.print('# ');
  await desk.console.converse([turn({ hear: '# $' })], signal);
  assert.equal(guest.typed(), 'root\rhalt\r');
});

test('a secret is in no event, no fault and no tail, whether or not the guest echoes it', async () => {
  const guest = ttyGuest({ afterLine: (line, { print }) => void print(`got ${line} as password\r\n# `) });
  await using desk = await consoleOver(guest.line);
  await desk.console.converse([turn({ say: 'hunter22', secret: true }), turn({ hear: 'password' })], signal);
  await assert.rejects(desk.console.converse([turn({ hear: 'x', withinMs: 50 })], signal), (error: Error) => {
    assert.ok(!JSON.stringify({ ...error, message: error.message }).includes('hunter22'));
    return true;
  });
  assert.ok(!JSON.stringify(desk.events).includes('hunter22'));
  assert.match(desk.console.tail(), /got <secret> as password/);
});

test('the tail is for people: at most 20 lines and 4 KiB, nothing but text', async () => {
  const guest = guestLine();
  await using desk = await consoleOver(guest.line);
  for (let i = 0; i < 300; i++) await guest.print(`line ${i} ${'x'.repeat(300)}\x1b[0m\x07\r\n`);
  await guest.print('  50% |\b/\b-\b\\\b\r 100%\r\n# ');
  await desk.console.converse([turn({ hear: '# $' })], signal);
  const tail = desk.console.tail();
  assert.ok(tail.length <= 4096 && tail.split('\n').length <= 20);
  assert.match(tail, / 100%\n#$/);

  assert.doesNotMatch(tail, /[\x00-\x09\x0b-\x1f]/);
});
