import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { systemClock } from '../src/base/clock.ts';
import { Fault } from '../src/base/fault.ts';
import { judgeEcho } from '../src/vmm/console/echo/judge.ts';
import { patientTyping } from '../src/vmm/console/type.ts';
import { ptyLine } from '../src/vmm/vmd/pty-line.ts';
import { consoleOver, hastyTyping, signal, turn } from './fixtures/console-desk.ts';
import { kshEditor, kshLongestLine } from './fixtures/ksh-editor.ts';
import { kshGuest } from './fixtures/ksh-guest.ts';
import { randomFrom } from './fixtures/random-from.ts';
import { runs } from './fixtures/long.ts';

/** Columns that the prompt leaves: with one, ksh shows nothing at all of a character of several bytes. */
const hasRoom = (prompt: string, width: number, text: string): boolean => {
  const columns = width === 0 ? 80 : Math.max(12, width);
  return columns - 2 - (prompt.length > columns ? prompt.length % columns : prompt.length) !== 1 || /^[ -~]/.test(text);
};

const words = (length: number) =>
  Array.from({ length }, (_, n) => `w${n} `)
    .join('')
    .slice(0, length);

const prompts = fc.integer({ min: 1, max: 200 }).map((length) => `${'p'.repeat(length - 1)}#`);
const widths = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 220 }));
const letters = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)) },
  { weight: 1, arbitrary: fc.constantFrom(' ', ' ', '<', '*', 'é', 'ß', '€', '漢', '😀') },
);
// Repeated texts look like a line that is drawn again.
const lines = fc.oneof(
  fc.string({ unit: letters, minLength: 1, maxLength: 400 }),
  fc
    .tuple(fc.string({ unit: letters, minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 100 }))
    .map(([text, times]) => text.repeat(times)),
);

const situations = fc.tuple(prompts, widths, lines).filter((situation) => hasRoom(...situation));

test('a line of any length at a prompt of any length is typed once where ksh scrolls, and its echo is not heard', async () => {
  const sayOne = async (prompt: string, width: number, text: string) => {
    const guest = kshGuest({ prompt, columns: width, afterLine: (_line, { print }) => void print('output\r\n') });
    await using desk = await consoleOver(guest.line, patientTyping);
    void guest.begin();
    const heard = turn({ hear: String.raw`(?s)^.*output\r\n` });
    await desk.console.converse([turn({ hear: '#[\r\n]*$', say: text }), heard], signal);
    assert.deepEqual(guest.entered, [text]);
    const [, said, end] = desk.events;
    assert.equal(said?.type === 'console.said' && said.typedTimes, 1);
    assert.equal(end?.type === 'console.heard' && end.text.trim(), 'output');
  };
  const cases = fc.array(situations, { minLength: 16, maxLength: 16 });
  await fc.assert(
    fc.asyncProperty(cases, async (all) => {
      await Promise.all(all.map((one) => sayOne(...one)));
    }),
    runs(100),
  );
});

const instant = { ...hastyTyping, firstMs: 20, stillMs: 15, quietMs: 5 };

test('where ksh scrolls and bytes are lost, a line arrives whole, or the guest is deaf; never does another arrive', async () => {
  let whole = 0;
  let deaf = 0;
  const sayOne = async (prompt: string, width: number, text: string, loss: number, seed: number) => {
    const random = randomFrom(seed);
    const guest = kshGuest({ prompt, columns: width, loses: () => random.next() < loss });
    await using desk = await consoleOver(guest.line, instant);
    void guest.begin();
    try {
      await desk.console.converse([turn({ hear: '#[\r\n]*$', say: text })], signal);
      assert.deepEqual(guest.entered, [text]);
      whole++;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      assert.equal(error.code, 'console_deaf');
      assert.deepEqual(guest.entered, []);
      deaf++;
    }
  };
  const ascii = lines.map((text) => text.replace(/[^ -~]/g, 'x'));
  const often = runs(40);
  const losses = fc.constantFrom(0.001, 0.003, 0.01, 0.03);
  const cases = fc.array(fc.tuple(prompts, widths, ascii, losses, fc.integer()), { minLength: 16, maxLength: 16 });
  await fc.assert(
    fc.asyncProperty(cases, async (all) => {
      await Promise.all(all.map((one) => sayOne(...one)));
    }),
    often,
  );
  console.log(`${often.numRuns * 16} lines: ${whole} arrived, ${deaf} times the guest was deaf`);
  assert.ok(whole > deaf);
});

test('an echo that ksh has only begun is never taken for the whole, wherever it is cut', () => {
  fc.assert(
    fc.property(situations, ([prompt, width, text]) => {
      const editor = kshEditor(prompt, width);
      editor.begin();
      let came = Buffer.alloc(0);
      for (const [at, character] of [...text].entries()) {
        for (const byte of Buffer.from(character)) came = Buffer.concat([came, editor.take(byte)]);
        const isWhole = at === [...text].length - 1;
        // The redraw is cut in the middle, too.
        const cut = came.subarray(
          0,
          came.length - Math.floor(((came.length - came.lastIndexOf('\r')) * (at % 10)) / 10),
        );
        const judged = judgeEcho(String(came), text, true);
        assert.equal(judged, isWhole ? 'exact' : 'partial');
        if (!isWhole) assert.notEqual(judgeEcho(String(cut), text, true), 'exact');
      }
    }),
    runs(150),
  );
});

test('no part of a secret that ksh draws again is on file or told', async () => {
  for (const length of [71, 72, 110, 200]) {
    const secret = words(length);
    const guest = kshGuest({
      prompt: 'prompt#',
      columns: 0,
      afterLine: (_line, { print }) => void print('output\r\n'),
    });
    await using desk = await consoleOver(guest.line);
    void guest.begin();
    await desk.console.converse([turn({ hear: '#$', say: secret, secret: true }), turn({ hear: 'output' })], signal);
    assert.deepEqual(guest.entered, [secret]);
    guest.close();
    await desk.console.drained;
    const told = [String(await desk.heard()), desk.console.tail(), JSON.stringify(desk.events)];
    for (const text of told) assert.doesNotMatch(text, /w\d/);
  }
});

const program = fileURLToPath(new URL('fixtures/ksh-program.js', import.meta.url));

for (const [prompt, stty] of [
  ['$ ', '0'],
  ['build.example.org# ', '132'],
  [`${'p'.repeat(90)}# `, '80'],
] as const)
  test(`a program in a terminal that scrolls as OpenBSD's ksh does takes ${kshLongestLine - 1} bytes, with ${stty} columns and a prompt of ${prompt.length}`, async () => {
    await using line = ptyLine(process.execPath, [program, prompt, stty], { clock: systemClock });
    await using desk = await consoleOver(line, patientTyping);
    const text = words(kshLongestLine - 1);
    await desk.console.converse(
      [turn({ hear: '[$#] \n?$', say: text }), turn({ hear: `^took ${text.length} bytes: `, withinMs: 10_000 })],
      signal,
    );
    const said = desk.events.find((event) => event.type === 'console.said');
    assert.ok(said?.type === 'console.said' && said.typedTimes === 1);
  });
