import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bounds } from '../src/base/bounds.ts';
import fc from 'fast-check';
import { hiddenTexts, maskOf } from '../src/base/mask/mask.ts';
import { makeByteMask } from '../src/base/mask/byte-mask.ts';
import { systemClock } from '../src/base/clock.ts';
import { atBest, atBestMs } from './fixtures/at-best.ts';
import { consoleOver, hastyTyping, signal, turn } from './fixtures/console-desk.ts';
import { guestLine } from './fixtures/console-line.ts';
import { isLong } from './fixtures/hypervisor.ts';

const maskFor = (...values: readonly string[]) => {
  const mask = makeByteMask();
  for (const value of values) mask.hide([Buffer.from(value)], `<${value.length}>`);
  return mask;
};

const shownOf = (pieces: readonly Uint8Array[], ...values: readonly string[]) => {
  const mask = maskFor(...values);
  return Buffer.concat([...pieces.map(mask.take), mask.rest('end')]).toString();
};

const tries = isLong ? 500 : 150;

test(`a hidden value is in no text, however it is cut, and everything else is (${tries} texts)`, () => {
  const values = ['hunter22', 'hunter', 'her', 'aab', 'aaab', 'grün'];
  const text = fc.array(fc.oneof(fc.constantFrom(...values), fc.constantFrom('a', 'h', 'b', 'hun', 'x', '\r\n', 'gr'))).map((parts) => parts.join('')); // prettier-ignore
  fc.assert(
    fc.property(text, fc.array(fc.nat(200)), (whole, cuts) => {
      const bytes = Buffer.from(whole);
      const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      const pieces = places.slice(1).map((end, n) => bytes.subarray(places[n], end));
      const shown = shownOf(pieces, ...values);
      for (const value of values) assert.ok(!shown.includes(value), `${JSON.stringify(whole)} became ${shown}`);
      assert.equal(shown, shownOf([bytes], ...values), 'the cuts make no difference');
      if (!/[hagr]/.test(whole)) assert.equal(shown, whole);
    }),
    { numRuns: tries },
  );
});

test('a value is known in the forms in which line editors wrap it', () => {
  const value = 'correct horse battery';
  for (const wrapped of ['correct hor\r\nse battery', 'correct hor \rse battery', 'correct hor\rrse battery', 'correct hor\x1b[Kse\x1b[1;3H battery'])
    assert.equal(shownOf([Buffer.from(`> ${wrapped}!`)], value), '> <21>!'); // prettier-ignore
  assert.equal(shownOf([Buffer.from('correct hors, battery')], value), 'correct hors, battery');
});

test('what may become a value is held back for a moment, and never more than that', () => {
  const mask = maskFor('login-password');
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
  assert.equal(text(mask.take(Buffer.from('the host: l'))), 'the host: ');
  assert.ok(mask.isHolding());
  assert.equal(text(mask.rest('quiet')), 'l');
  // Half of it is no accident: it waits for the other half, and is not shown if that never comes.
  assert.equal(text(mask.take(Buffer.from('login-pass'))), '');
  assert.equal(text(mask.rest('quiet')), '');
  assert.equal(text(mask.take(Buffer.from('word'))), '<14>');
  assert.equal(text(mask.take(Buffer.from('\r\nlogin-pas'))), '\r\n');
  assert.equal(text(mask.rest('end')), '<14>');
});

/** A mask of so many secrets that begin alike, and how long the processor needs for text that is like their beginning. */
const alike = (count: number, length: number) => {
  const mask = makeByteMask();
  const secrets = Array.from({ length: count }, (_, n) => `${'a'.repeat(length)}${n}`);
  mask.hide(
    hiddenTexts(secrets).map((text) => Buffer.from(text)),
    '<sensitive>',
  );
  const piece = Buffer.from(`${'a'.repeat(40)}b`.repeat(1600));
  return (): number => {
    const before = process.cpuUsage();
    for (let n = 0; n < 4; n++) mask.take(piece);
    return process.cpuUsage(before).user;
  };
};

test('text that is like the beginning of hundreds of long values costs what it costs for a short one (3 times at most)', async () => {
  const [hundreds, one] = [alike(400, 5000), alike(1, 50)];
  const ratio = await atBest(3, () => hundreds() / one());
  assert.ok(ratio <= 3, `${ratio} times`);
});

test('a mask of the most sensitive values that a build may have is made and used in a moment', async () => {
  const values = Array.from({ length: 4 }, (_, n) => `${n} ${'key material '.repeat(5000)}${n}`);
  assert.ok(values.join('').length > bounds.secretCharacters * 0.98);
  const ms = await atBestMs(500, () => {
    const began = systemClock.elapsed();
    const mask = maskOf(values);
    assert.equal(mask(`a ${values[3]} b`), 'a <sensitive> b');
    return systemClock.elapsed() - began;
  });
  assert.ok(ms <= 500, `${ms} ms`);
});

test('a sensitive value is in no transcript: printed by the guest, typed, echoed in pieces, mangled or pressed slowly', async () => {
  const value = 'tr0ub4dor&3 of the host';
  const secret = 'typed only once';
  let lose = 3;
  const guest = guestLine((text, { print }) => {
    for (const character of text) {
      // A line that loses characters: what is left of the secret comes back.
      if (/[a-z0-9]/.test(character) && lose > 0 && Math.random() < 0.2) lose--;
      else void print(character === '\r' ? '\r\nthe answer\r\n# ' : character === '\x15' ? '^U\r\n' : character);
    }
  });
  {
    await using desk = await consoleOver(guest.line, hastyTyping, [value]);
    for (const byte of Buffer.from(`motd: ${value}.\r\n# `)) await guest.print(Uint8Array.of(byte));
    await desk.console.converse(
      [
        turn({ hear: '# $', say: `echo ${value}`, secret: true }),
        turn({ hear: '# $', say: secret, secret: true }),
        turn({ hear: '# $', press: [{ type: value }, { type: '\r' }], keyIntervalMs: 20, secret: true }),
        turn({ hear: 'the answer' }),
        turn({ hear: '# $', say: 'plain' }),
        turn({ hear: 'the answer' }),
      ],
      signal,
    );
    guest.close();
    await desk.console.drained;
    const transcript = String(await desk.heard());
    for (let n = 0; n + 6 <= value.length; n++) assert.ok(!transcript.includes(value.slice(n, n + 6)), transcript);
    for (let n = 0; n + 6 <= secret.length; n++) assert.ok(!transcript.includes(secret.slice(n, n + 6)), transcript);
    assert.match(transcript, /^motd: <sensitive>\.\r\n# <secret>\r\nthe answer/);
    assert.match(transcript, /plain\r\nthe answer/);
    assert.equal(transcript.match(/the answer/g)?.length, 4);
  }
});

test('beyond its bound a transcript keeps its beginning, its end, and what follows on what is typed', async () => {
  const guest = guestLine((text, { print }) => void print(text.replace('\r', '\r\n')));
  await using desk = await consoleOver(guest.line, hastyTyping, [], { bytes: 2 ** 20, floodBytes: 2 ** 23 });
  const line = (n: number) => `line ${n} ${'x'.repeat(50)}\r\n`;
  const print = async (from: number, to: number) => {
    for (let n = from; n < to; n += 100) await guest.print(Array.from({ length: 100 }, (_, i) => line(n + i)).join(''));
  };
  await print(0, 40_000);
  await desk.console.type(Buffer.from('hello\r'), signal);
  await print(40_000, 60_000);
  guest.close();
  await desk.console.drained;
  const transcript = String(await desk.heard());
  assert.ok(transcript.length <= 2 ** 20, String(transcript.length));
  assert.ok(transcript.startsWith(line(0) + line(1)));
  assert.ok(transcript.endsWith(line(59_999)));
  assert.match(transcript, /\r\nline 39999 x+\r\nhello\r\nline 40000 /);
  assert.equal(transcript.match(/\r\n\.\.\. \d+ bytes left out \.\.\.\r\n/g)?.length, 2);
});

test('a guest that floods its console ends the conversation and whoever waits as guest_floods', async () => {
  const guest = guestLine();
  await using desk = await consoleOver(guest.line, hastyTyping, [], { bytes: 2 ** 20, floodBytes: 2 ** 21 });
  const floods = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'guest_floods';
  const ended = Promise.all([
    assert.rejects(desk.console.failed, floods),
    assert.rejects(desk.console.drained, floods),
    assert.rejects(desk.console.converse([turn({ hear: 'never' })], signal), floods),
  ]);
  for (let n = 0; n < 50; n++) void guest.print('y\r\n'.repeat(20_000));
  await ended;
});
