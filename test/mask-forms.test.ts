import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { escape } from 'node:querystring';
import { test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../src/base/clock.ts';
import { makeByteMask } from '../src/base/mask/byte-mask.ts';
import { hiddenTexts, maskOf } from '../src/base/mask/mask.ts';
import { atBestMs } from './fixtures/at-best.ts';

const secret = `p&ss "w<>rd's/~(ü)$x\\`;

/** What a program makes of a text that it reads. */
const through = (program: string, args: readonly string[], input: string): string =>
  execFileSync(program, args, { input, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } }).trimEnd();

/** What is left of each text that the mask ought to take whole. */
const leftOf = (value: string, texts: readonly string[]): readonly string[] =>
  texts.map((text) => maskOf([value])(text)).filter((shown) => shown !== '<sensitive>');

const base64 = (text: string, encoding: BufferEncoding = 'utf8') => Buffer.from(text, encoding).toString('base64');

test('a value is masked as URLs, forms, JSON, XML, shells, base64 and hexadecimal write it', () => {
  const inXml = 'p&amp;ss &quot;w&lt;&gt;rd&#39;s/~(ü)$x\\';
  const inGo = 'p\\u0026ss \\"w\\u003c\\u003erd\'s/~(ü)$x\\\\';
  const inPython = 'p&ss \\"w<>rd\'s/~(\\u00fc)$x\\\\';
  const texts = [
    ...[encodeURIComponent(secret), escape(secret), new URLSearchParams({ v: secret }).toString().slice(2)],
    ...[JSON.stringify(secret).slice(1, -1), inGo, inPython, JSON.stringify(JSON.stringify(secret)).slice(3, -3)],
    ...[inXml, inXml.replaceAll('&#39;', '&apos;'), inXml.replaceAll('&quot;', '"').replaceAll('&#39;', "'")],
    ...[base64(secret), Buffer.from(secret).toString('base64url'), Buffer.from(secret, 'utf16le').toString('base64')],
    ...[Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('hex').toUpperCase()],
  ];
  assert.deepEqual(leftOf(secret, texts), []);
});

test('a value is masked as the programs of a guest encode it', () => {
  const shell = 'v=$(cat; echo .); v=${v%.}; ';
  const texts = [
    through('base64', ['-w0'], secret),
    through('od', ['-An', '-v', '-tx1'], secret).replace(/\s/g, ''),
    through('bash', ['-c', `${shell} printf %q "$v"`], 'it is a "$value"\\here'),
  ];
  assert.deepEqual(leftOf(secret, texts.slice(0, 2)), []);
  assert.deepEqual(leftOf('it is a "$value"\\here', texts.slice(2)), []);
  // Lines of 76 characters.
  const long = randomBytes(150)
    .toString('latin1')
    .replace(/[^ -~]/g, 'x');
  assert.equal(maskOf([long])(through('base64', [], long)), '<sensitive>');
});

test('of a value within a larger base64, wherever it stands, at most what its neighbours share is shown (300 texts)', () => {
  const value = 'correct-horse-battery';
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), fc.string({ unit: 'binary-ascii' }), (before, after) => {
      const shown = maskOf([value])(base64(before + value + after));
      assert.match(shown, /<sensitive>/);
      const [head = '', tail = ''] = shown.split('<sensitive>');
      // One character on each side holds some bits of the value, and of what stands beside it.
      assert.ok(head.length <= Math.ceil((before.length * 4) / 3) + 1, shown);
      assert.ok(tail.replace(/=+$/, '').length <= Math.ceil((after.length * 4) / 3) + 1, shown);
    }),
    { numRuns: 300 },
  );
});

test('every form is known over two chunks, wherever they are cut', () => {
  const mask = () => {
    const made = makeByteMask();
    made.hide(
      hiddenTexts([secret]).map((text) => Buffer.from(text)),
      '<s>',
    );
    return made;
  };
  for (const form of [secret, base64(secret), Buffer.from(secret).toString('hex'), encodeURIComponent(secret)]) {
    const bytes = Buffer.from(`a ${form} b`);
    for (let cut = 1; cut < bytes.length; cut++) {
      const { take, rest } = mask();
      const shown = Buffer.concat([take(bytes.subarray(0, cut)), take(bytes.subarray(cut)), rest('end')]).toString();
      assert.equal(shown, 'a <s> b', `${form} cut at ${cut}`);
    }
  }
});

test('the lines of a value of several are masked one by one, each in every form', () => {
  const key = ['-----BEGIN KEY-----', randomBytes(48).toString('base64'), '-----END KEY-----'].join('\n');
  const [, line = ''] = key.split('\n');
  assert.deepEqual(leftOf(key, [key, JSON.stringify(key).slice(1, -1), base64(key), line, encodeURIComponent(line), base64(line)]), []); // prettier-ignore
});

test('ordinary text stays as it is, with 100 values of every form beside it', () => {
  const mask = maskOf(Array.from({ length: 100 }, () => randomBytes(12).toString('base64url')));
  const text = Array.from({ length: 5000 }, (_, n) => `[ ${n}.01] usb ${n}: new device number ${n * 7}, abc`).join(
    '\n',
  );
  assert.equal(mask(text), text);
});

test('with 100 values a mask reads a console flood at 4 MB or more a second', async () => {
  const mask = makeByteMask();
  const texts = hiddenTexts(Array.from({ length: 100 }, () => randomBytes(12).toString('base64url')));
  mask.hide(
    texts.map((text) => Buffer.from(text)),
    '<s>',
  );
  const flood = Buffer.from(randomBytes(750_000).toString('base64'));
  const ms = await atBestMs(250, () => {
    const began = systemClock.elapsed();
    mask.take(flood);
    return systemClock.elapsed() - began;
  });
  assert.ok(ms <= 250, `${ms} ms`);
});
