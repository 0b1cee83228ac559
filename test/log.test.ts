import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { openLog, type AttemptLog } from '../src/build/attempt/log.ts';
import type { Bound } from '../src/base/bounded-file.ts';
import { makeByteRing } from '../src/base/byte-ring.ts';
import { systemClock } from '../src/base/clock.ts';
import { Fault } from '../src/base/fault.ts';
import { makeGrowth } from '../src/base/growth.ts';
import { maskOf } from '../src/base/mask/mask.ts';

const mebi = 2 ** 20;
const small: Bound = { bytes: mebi, floodBytes: 4 * mebi };

/** A place for one log, which may be opened again and again as by the attempts of one build. */
const desk = async (bound = small) => {
  const folder = await mkdtemp(join(tmpdir(), 'log-'));
  const path = join(folder, 'build', 'log');
  const failures: unknown[] = [];
  return {
    failures,
    path,
    write: async (work: (log: AttemptLog) => Promise<void> | void) => {
      await using log = await openLog(path, {
        clock: { ...systemClock, now: () => 0 },
        growth: makeGrowth(),
        bound,
        mask: maskOf(['s3cret-value']),
        failed: (error) => void failures.push(error),
      });
      await work(log);
    },
    lines: async () =>
      (await readFile(path, 'utf8')).split('\n').map((line) => line.replace('1970-01-01T00:00:00.000Z ', '')),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
};

const numbered = (from: number, count: number) => Array.from({ length: count }, (_, n) => `line ${from + n}`);

test('what a guest says cannot move a cursor, turn a line round or look like a line of imaged', async () => {
  await using log = await desk();
  await log.write(async ({ write, said }) => {
    await said(
      [
        '\x1b[32mgreen\x1b[0m\ttab',
        'a\u009b2Jb\x7f\x07',
        'x\u202ey\u2066z\u200e\u061c',
        '10%\r20%\r\n',
        'p\u2028q',
        '\ud800!',
      ],
      '  ',
    );
    await said(['s3cret-value\x1b]0;title\x07'], '! ');
    write('fault: two\nlines');
  });
  assert.deepEqual(await log.lines(), [
    ...['  green\ttab', '  a<U+009B>2Jb<U+007F><U+0007>', '  x<U+202E>y<U+2066>z<U+200E><U+061C>', '  10%', '  20%', '  '],
    ...['  p<U+2028>q', '  <U+D800>!', '! <sensitive><U+001B>]0;title<U+0007>', 'fault: two', '| lines', ''],
  ]); // prettier-ignore
});

test('beyond its bound a log keeps its beginning, its end and every line of imaged, and counts the rest', async () => {
  await using log = await desk();
  await log.write(async ({ write, said }) => {
    write('first begins');
    for (let from = 0; from < 60_000; from += 1000) await said(numbered(from, 1000), '  ');
    write('first is done');
    await said(numbered(60_000, 3), '  ');
    write('second is done');
    for (let from = 70_000; from < 80_000; from += 1000) await said(numbered(from, 1000), '  ');
  });
  const lines = await log.lines();
  assert.deepEqual(log.failures, []);
  assert.ok((await stat(log.path)).size <= mebi);
  assert.deepEqual(lines.slice(0, 3), ['first begins', '  line 0', '  line 1']);
  assert.deepEqual(lines.slice(-3), ['  line 79998', '  line 79999', '']);
  const own = lines.filter((line) => !line.startsWith('  ') && line !== '');
  assert.match(own.join('\n'), /^first begins\n\.\.\. (\d+) bytes left out \.\.\.\nfirst is done\nsecond is done\n\.\.\. (\d+) bytes left out \.\.\.$/); // prettier-ignore
  assert.equal(lines[lines.indexOf('first is done') - 1], '  line 59999');
  assert.deepEqual(lines.slice(lines.indexOf('first is done') + 1).slice(0, 3), ['  line 60000', '  line 60001', '  line 60002']); // prettier-ignore
  // No byte is counted twice or not at all.
  const lengthOf = (from: number, to: number) => `${numbered(from, to - from).join('\n')}\n`.length + 27 * (to - from);
  const numbers = lines.flatMap((line) => (line.startsWith('  line ') ? [Number(line.slice(7))] : []));
  const gaps = numbers.flatMap((number, n) => (n > 0 && number !== (numbers[n - 1] ?? 0) + 1 ? [[numbers[n - 1] ?? 0, number]] : [])); // prettier-ignore
  const missing = gaps.map(([from = 0, to = 0]) => lengthOf(from + 1, to));
  const told = own.flatMap((line) => /^\.\.\. (\d+)/.exec(line)?.[1] ?? []).map(Number);
  assert.equal(told[0], missing[0]);
});

test('the attempts of one build share the bound of its log, and each can still say why it ended', async () => {
  await using log = await desk();
  for (let attempt = 1; attempt <= 5; attempt++)
    await log.write(async ({ write, said }) => {
      write(`attempt ${attempt} begins`);
      for (let from = 0; from < 30_000; from += 1000) await said(numbered(from, 1000), '  ');
      write(`attempt ${attempt} failed`);
    });
  assert.ok((await stat(log.path)).size <= mebi + 64 * 1024);
  const lines = await log.lines();
  for (let attempt = 1; attempt <= 5; attempt++)
    assert.equal(lines[lines.indexOf(`attempt ${attempt} failed`) - 1], '  line 29999');
});

test('a guest that goes on beyond the hard bound floods, and is told of once', async () => {
  await using log = await desk();
  await log.write(async ({ write, said }) => {
    for (let from = 0; from < 200_000; from += 1000) await said(numbered(from, 1000), '  ');
    write('still here');
  });
  assert.equal(log.failures.length, 1);
  const [failure] = log.failures;
  assert.ok(failure instanceof Fault && failure.code === 'guest_floods');
  assert.match(failure.message, /more than 4 MB to the log .*, which keeps 1 MB/);
});

test('a ring has the last that was put in, whatever the pieces', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.uint8Array({ maxLength: 50 })), fc.nat(30), (size, pieces, most) => {
      const ring = makeByteRing(size);
      for (const piece of pieces) ring.put(piece);
      const all = Buffer.concat(pieces);
      assert.equal(ring.length(), Math.min(size, all.length));
      assert.deepEqual(ring.take(most), all.subarray(all.length - Math.min(most, size, all.length)));
      ring.put(Buffer.from('x'));
      assert.equal(String(ring.take(5)), 'x');
    }),
  ); // prettier-ignore
});
