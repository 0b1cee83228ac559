import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { systemClock } from '../src/base/clock.ts';
import { Fault } from '../src/base/fault.ts';
import { currentLine } from '../src/vmm/console/echo/current-line.ts';
import { judgeEcho } from '../src/vmm/console/echo/judge.ts';
import type { Echo } from '../src/vmm/console/echo/judge.ts';
import { patientTyping } from '../src/vmm/console/type.ts';
import { ptyLine } from '../src/vmm/vmd/pty-line.ts';
import { consoleOver, failsAs, hastyTyping, signal, turn } from './fixtures/console-desk.ts';
import { guestLine, ttyGuest } from './fixtures/console-line.ts';
import { untilTrue } from './fixtures/until-true.ts';
import { runs } from './fixtures/long.ts';

const cases: readonly (readonly [string, string, string, Echo])[] = [
  ['the text itself', 'root', 'root', 'exact'],
  ['a beginning', 'ro', 'root', 'partial'],
  ['nothing yet', '', 'root', 'partial'],
  ['a lost character', 'rot', 'root', 'astray'],
  ['a lost last character of a pair', 'aab', 'aabb', 'partial'],
  ['an altered character', 'r0ot', 'root', 'astray'],
  ['a doubled character', 'rooot', 'root', 'astray'],
  ['swapped characters', 'orot', 'root', 'astray'],
  ['escape sequences', '\x1b[?2004hro\x1b[1mot\x1b[0m', 'root', 'exact'],
  ['a spinner', 'ro|\b/\b-\bot', 'root', 'exact'],
  ['a busybox wrap', 'abcdef\r\r\nghi', 'abcdefghi', 'exact'],
  ['a bash wrap', 'abcdef\rfghi', 'abcdefghi', 'exact'],
  ['a wrap by blank and CR', 'abcdef \rghi', 'abcdefghi', 'exact'],
  ['a line that ksh draws again', 'abcdef\rdef   <\b\b\b\bghi', 'abcdefghi', 'exact'],
  ['a line that ksh draws again in its end', 'abcdef\rdef   <\b\b\b\b', 'abcdef', 'exact'],
  ['a line that ksh is drawing again', 'abcdef\rdef  ', 'abcdefghi', 'partial'],
  ['a line that ksh draws again otherwise', 'abcdef\rdxf   <\b\b\b\bghi', 'abcdefghi', 'astray'],
  ['a loss that a line drawn again would hide', 'abcabc\rabc   <\b\b\b\babc', 'abcabcabcabc', 'partial'],
  ['what ksh may be about to draw again', 'abcabc\rabc', 'abcabcabc', 'mixed'],
  ['the end of the prompt', '? root', 'root', 'mixed'],
  ['a blank of the prompt', ' root', 'root', 'exact'],
  ['a kernel message in between', 'ro\r\n[ 1.2] usb: new device\r\not', 'root', 'mixed'],
  ['a kernel message right behind', 'ro[ 1.2] usb: new device\r\not', 'root', 'mixed'],
  ['a kernel message that hides a loss', 'rot[ 1.2] usb: foot\r\n', 'root', 'astray'],
  ['a kernel message still under way', 'root[ 1.2] usb', 'root', 'astray'],
  ['erased and typed again', 'rot\b \b\b \b\b \broot', 'root', 'exact'],
];

for (const [what, came, expected, echo] of cases)
  test(`echo: ${what} is ${echo}`, () => {
    const judged = judgeEcho(came, expected, true);
    // Whether it may still become right or not matters for patience alone.
    assert.equal(judged === 'partial' && echo === 'astray' ? 'astray' : judged, echo);
  });

test('the current line is what a terminal shows', () => {
  assert.equal(currentLine('login: ro\b \b\b \b'), 'login:');
  assert.equal(currentLine('x\r\n# root\r# \x1b[K'), '#');
  assert.equal(currentLine('10%\r100%'), '100%');
});

const wordsOf = (length: number) =>
  Array.from({ length }, (_, n) => `w${n} `)
    .join('')
    .slice(0, length - 1);

// Each with the longest line to try; busybox takes 1023 characters.
const shells = [
  ['dash', '/bin/dash', ['-i'], 3000],
  ['bash', '/bin/bash', ['--norc', '-i'], 3000],
  ['mksh', '/bin/mksh', ['-i'], 3000],
  ['busybox', '/bin/busybox', ['ash', '-i'], 1000],
] as const;

for (const [name, file, args, longest] of shells)
  for (const prompt of ['prompt#', `${'p'.repeat(100)}#`])
    test(`${name} in a real terminal takes long lines at the first attempt, with a prompt of ${prompt.length}`, async () => {
      await using line = ptyLine(file, args, { clock: systemClock, env: { PS1: prompt, HISTFILE: '/dev/null' } });
      await using desk = await consoleOver(line, patientTyping);
      const ready = { hear: String.raw`#\s*$` };
      const long = [70, 120, longest].flatMap((length) => [
        turn({ ...ready, say: `echo ${wordsOf(length)} | wc -c` }),
        turn({ hear: `^ *${length}\r*\n` }),
      ]);
      const at = (columns: number) => [turn({ ...ready, say: `stty columns ${columns}` }), ...long];
      const talk = [...long, ...at(132), ...at(40), ...at(0)];
      await desk.console.converse([...talk, turn({ ...ready, say: 'exit' })], signal);
      const times = desk.events.flatMap((event) => (event.type === 'console.said' ? [event.typedTimes] : []));
      assert.deepEqual(
        times,
        times.map(() => 1),
      );
    });

test('ksh93, which shows no blank at the end of a row, has a long line typed again, and takes it', async () => {
  await using line = ptyLine('/bin/ksh93', ['-E'], {
    clock: systemClock,
    env: { PS1: 'prompt#', HISTFILE: '/dev/null' },
  });
  await using desk = await consoleOver(line);
  const text = `echo ${'a '.repeat(100)}| wc -c`;
  await desk.console.converse([turn({ hear: String.raw`#\s*$`, say: text }), turn({ hear: '^ *200\r*\n' })], signal);
});

test('a program that loses every third byte of its first line has it typed again', async () => {
  const deaf = fileURLToPath(new URL('fixtures/console-deaf.js', import.meta.url));
  await using line = ptyLine(process.execPath, [deaf], { clock: systemClock });
  await using desk = await consoleOver(line);
  await desk.console.converse(
    [turn({ hear: 'ready> $', say: 'the quick brown fox' }), turn({ hear: '^took "the quick brown fox"' })],
    signal,
  );
  const said = desk.events.find((event) => event.type === 'console.said');
  assert.ok(said?.type === 'console.said' && said.typedTimes > 1);
});

test('an echo that comes late is awaited', async () => {
  const guest = ttyGuest({ lateMs: 150 });
  await using desk = await consoleOver(guest.line);
  await desk.console.converse([turn({ say: 'root' })], signal);
  await systemClock.sleep(200, signal);
  assert.deepEqual(guest.entered, ['root']);
  assert.deepEqual(desk.events, [{ type: 'console.said', text: 'root', typedTimes: 1 }]);
});

// Times of a guest that is slower than a wrong echo may stand still.
const slow = { ...hastyTyping, firstMs: 500, stillMs: 80, quietMs: 10 };

test('a slow guest that loses bytes of a line gets it again as slowly as it answers', async () => {
  const guest = ttyGuest({ byteMs: 20, loses: (_, index) => index < 10 && index % 2 === 1 });
  await using desk = await consoleOver(guest.line, slow);
  await desk.console.converse([turn({ say: 'exec shell' })], signal);
  await untilTrue(() => guest.entered.length > 0);
  assert.deepEqual(guest.entered, ['exec shell']);
});

test('a line whose end is shown late is not typed again, whatever its program shows then', async () => {
  const guest = guestLine((text, self) => {
    if (text === '\r')
      void systemClock.sleep(slow.stillMs + slow.quietMs / 2, signal).then(() => self.print('\r\n\x1b[6n# '));
    else if (!text.startsWith('\x7f')) void self.print(text);
  });
  await using desk = await consoleOver(guest.line, slow);
  await desk.console.converse([turn({ say: 'reboot' })], signal);
  assert.deepEqual(desk.events, [{ type: 'console.said', text: 'reboot', typedTimes: 1 }]);
});

test('the rest of a prompt that is still coming does not disturb, not even before one letter', async () => {
  for (const text of ['y', 'root', 'a longer line']) {
    const guest = ttyGuest();
    await using desk = await consoleOver(guest.line);
    void guest.print('Really');
    const talk = desk.console.converse([turn({ hear: 'Really', say: text })], signal);
    await systemClock.sleep(5, signal);
    void guest.print(' do it, any day? ');
    await talk;
    assert.deepEqual(guest.entered, [text]);
  }
});

test('kernel messages between the echoes do not disturb', async () => {
  let printed = 0;
  const guest = ttyGuest({
    echo: (c, column) => (column === 5 && printed++ < 2 ? `${c}[  1.5] sda: attached\r\n` : c),
  });
  await using desk = await consoleOver(guest.line);
  await desk.console.converse([turn({ say: 'ifconfig vio0' })], signal);
  assert.deepEqual(guest.entered, ['ifconfig vio0']);
});

test('a guest that echoes nothing is deaf, and the fault says what was typed and what was seen', async () => {
  const guest = ttyGuest({ loses: () => true });
  await using desk = await consoleOver(guest.line);
  void guest.print('login: ');
  await assert.rejects(
    desk.console.converse([turn({ hear: 'login: $', say: 'root' })], signal),
    failsAs('console_deaf', { expected: /^root$/, typedTimes: 5, consoleTail: /login:/ }),
  );
  assert.deepEqual(guest.entered, []);
});

test('a guest that hides what is typed is deaf, and nothing of a secret is told', async () => {
  const guest = ttyGuest({ echo: () => '*' });
  await using desk = await consoleOver(guest.line);
  await assert.rejects(
    desk.console.converse([turn({ say: 'hunter22', secret: true })], signal),
    (error) =>
      error instanceof Fault && error.code === 'console_deaf' && !JSON.stringify(error.facts).includes('hunter'),
  );
  await desk.console.converse([turn({ say: 'hunter22', secret: true, echo: false })], signal);
  assert.ok(!JSON.stringify(desk.events).includes('hunter'));
});

const instant = { ...hastyTyping, firstMs: 20, stillMs: 15, quietMs: 5 };

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
const randomFrom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};

test('any text arrives whole at a tty that loses bytes, or the guest is deaf; never does another line arrive', async () => {
  const often = runs(200);
  const together = 16;
  let whole = 0;
  let deaf = 0;
  const sayOne = async (text: string, loss: number, seed: number) => {
    const random = randomFrom(seed);
    const guest = ttyGuest({ loses: () => random() < loss });
    await using desk = await consoleOver(guest.line, instant);
    try {
      await desk.console.converse([turn({ say: text })], new AbortController().signal);
      whole++;
      assert.deepEqual(guest.entered, [text]);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      assert.equal(error.code, 'console_deaf');
      assert.deepEqual(guest.entered, []);
      deaf++;
    }
  };
  const spoken = fc.tuple(
    fc.string({ minLength: 1, maxLength: 40 }).map((text) => text.replace(/[^ -~]/g, 'x')),
    fc.constantFrom(0, 0.01, 0.03, 0.1, 0.3),
    fc.integer(),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(spoken, { minLength: together, maxLength: together }), async (lines) => {
      await Promise.all(lines.map((line) => sayOne(...line)));
    }),
    often,
  );
  console.log(`${often.numRuns * together} lines: ${whole} arrived, ${deaf} times the guest was deaf`);
  assert.ok(whole > deaf);
});
