import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { makeScreen, screenAfter } from '../src/vmm/console/screen.ts';
import { atBestMs } from './fixtures/at-best.ts';
import { consoleOver, failsAs, hastyTyping, signal, turn, unbounded } from './fixtures/console-desk.ts';
import { flood } from './fixtures/console-flood.ts';
import { guestLine } from './fixtures/console-line.ts';
import { isLong } from './fixtures/hypervisor.ts';

const screenOver = (line: Parameters<typeof consoleOver>[0], sensitive: readonly string[] = []) =>
  consoleOver(line, hastyTyping, sensitive, unbounded, { keepsScreen: true });

/** Text at a row and a column, as curses moves to it. */
const at = (row: number, column: number, text: string) => `\x1b[${row};${column}H${text}`;

const dialog = `\x1b[2J${at(2, 10, 'Configure the clock')}${at(4, 12, '<Yes>      <No>')}`;

test('the screen is what a terminal shows after cursor movements, erasures, scrolling and wraps', async () => {
  assert.equal(
    await screenAfter(Buffer.from(dialog), signal),
    '\n         Configure the clock\n\n           <Yes>      <No>',
  );
  assert.equal(await screenAfter(Buffer.from('root\b\b\bx\r\n\x1b[32mgreen\x1b[K'), signal), 'rxot\ngreen');
  const lines = Array.from({ length: 100 }, (_, n) => `line ${n}`).join('\r\n');
  assert.match(await screenAfter(Buffer.from(lines), signal), /^line 76\n.*line 99$/s);
  assert.equal(await screenAfter(Buffer.from('w'.repeat(100)), signal), `${'w'.repeat(80)}\n${'w'.repeat(20)}`);
  assert.equal(await screenAfter(Buffer.from('Grüße 漢字 e\u0301'), signal), 'Grüße 漢字 e');
  assert.equal(await screenAfter(Buffer.from(''), signal), '');
});

test('what is redrawn in pieces is heard on the screen, where the stream never has it', async () => {
  const guest = guestLine();
  await using desk = await screenOver(guest.line);
  void guest.print(dialog);
  const talk = desk.console.converse(
    [turn({ hear: 'Configure the network$', on: 'screen', press: [{ type: '\r' }] })],
    signal,
  );
  // Only what differs comes: "clock" becomes "network".
  void guest.print(at(2, 24, 'network'));
  await talk;
  assert.equal(guest.typed(), '\r');
  const heard = desk.events.find(({ type }) => type === 'console.heard');
  assert.equal(heard?.type === 'console.heard' && heard.text, 'Configure the network');
});

test('a screen that stands already is heard at once, and what came before it is not heard on the stream afterwards', async () => {
  const guest = guestLine();
  await using desk = await screenOver(guest.line);
  await guest.print('DONE\r\nmenu');
  await desk.console.converse([turn({ hear: '^menu$', on: 'screen' })], signal);
  await assert.rejects(
    desk.console.converse([turn({ hear: 'DONE', withinMs: 50 })], signal),
    failsAs('console_silent', { expected: /^DONE$/ }),
  );
  await desk.console.converse([turn({ hear: 'DONE', on: 'screen' })], signal);
});

test('optional turns that look at the screen give way to a later one, as those on the stream do', async () => {
  const guest = guestLine();
  await using desk = await screenOver(guest.line);
  void guest.print(at(3, 3, 'second'));
  await desk.console.converse(
    [turn({ hear: 'first', on: 'screen', optional: true, withinMs: 60_000 }), turn({ hear: 'second', on: 'screen' })],
    signal,
  );
  assert.deepEqual(desk.events[0], { type: 'console.skipped', pattern: 'first' });
});

test('a refused row ends the wait, and a fault has the screen where it is not what the last lines say', async () => {
  const guest = guestLine();
  await using desk = await screenOver(guest.line);
  void guest.print(`${dialog}${at(12, 1, 'Installation failed: no disk')}${at(2, 10, 'x')}`);
  await assert.rejects(
    desk.console.converse([turn({ hear: 'never', refuse: ['failed'], on: 'screen' })], signal),
    failsAs('console_refused', {
      saw: /^Installation failed: no disk$/,
      screen: /xonfigure the clock\n\n.*<Yes>.*\n\nInstallation failed: no disk$/s,
    }),
  );
  const plain = guestLine();
  await using other = await screenOver(plain.line);
  void plain.print('login: ');
  await assert.rejects(
    other.console.converse([turn({ hear: 'never', on: 'screen', withinMs: 50 })], signal),
    failsAs('console_silent', { screen: /^undefined$/, consoleTail: /^login:$/ }),
  );
});

test('a line that closes ends the wait for a screen, after all that came was shown', async () => {
  const guest = guestLine();
  await using desk = await screenOver(guest.line);
  void guest.print(at(5, 5, 'bye'));
  guest.close();
  await desk.console.converse([turn({ hear: 'bye', on: 'screen' })], signal);
  await assert.rejects(
    desk.console.converse([turn({ hear: 'never', on: 'screen' })], signal),
    failsAs('console_closed', { expected: /^never$/ }),
  );
});

test('neither a sensitive value nor a typed secret is on the screen', async () => {
  const guest = guestLine((text, { print }) => void print(text));
  await using desk = await screenOver(guest.line, ['hunter22']);
  void guest.print('it is hunter22 ');
  await desk.console.converse(
    [turn({ hear: '<sensitive>', on: 'screen' }), turn({ say: 'topsecretword', secret: true })],
    signal,
  );
  void guest.print(`${at(9, 9, 'menu')}`);
  await assert.rejects(
    desk.console.converse([turn({ hear: 'never', on: 'screen', withinMs: 50 })], signal),
    (error) => error instanceof Error && !/hunter22|topsecret/.test(JSON.stringify(error)),
  );
});

test('a flood into a screen neither grows the heap nor holds the loop, whatever it holds', async () => {
  const { heapMb, isWhole, mbPerS } = await flood((isLong ? 64 : 16) * 1024 * 1024, 'at the screen');
  console.log(`looking at the screen: ${mbPerS.toFixed(0)} MiB/s, heap +${heapMb.toFixed(1)} MiB`);
  assert.ok(isWhole && heapMb <= 40, `the heap grew by ${heapMb} MiB`);
  for (const piece of [
    'e\u0301',
    '\u0301',
    '\u200d',
    '\x1b[',
    '\x1b]0;',
    '\x1bP',
    '\x1b[999999b',
    'x\x1b[1;1H',
    '\x1b[?1049h',
  ]) {
    using screen = await makeScreen();
    const bytes = Buffer.from(piece.repeat(Math.floor((64 * 1024) / piece.length)));
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    const longestMs = await atBestMs(500, async () => {
      let longest = 0;
      let last = performance.now();
      for (let n = 0; n < 64; n++) {
        screen.take(bytes);
        await screen.room(signal);
        await setImmediate();
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      }
      return longest;
    });
    const grownMb = (process.memoryUsage().heapUsed - before) / 2 ** 20;
    assert.ok(grownMb < 60, `${JSON.stringify(piece)}: the heap grew by ${grownMb} MiB`);
    assert.ok(longestMs <= 500, `${JSON.stringify(piece)}: the loop stood still for ${longestMs} ms`);
  }
});
