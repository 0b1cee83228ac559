import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diverge, isSettled, widest } from '../src/page/compare/consoles/diverge.ts';
import { makeLines } from '../src/page/compare/consoles/lines.ts';
import { masked, saysSomething } from '../src/page/compare/consoles/mask.ts';
import { differencesOf } from '../src/page/compare/input/differences.ts';
import { stepPairs, tookMs } from '../src/page/compare/steps/pairs.ts';

const words = (text: string) => text.split(' ');

const numbered = (name: string, count: number) => Array.from({ length: count }, (_none, at) => `${name} ${at}`);

test('numbers, times, addresses and ids are masked, and the words around them are not', () => {
  for (const [one, other] of [
    [
      'OpenBSD 7.9 (RAMDISK_CD) #12: Mon Mar  2 10:11:12 MST 2026',
      'OpenBSD 7.9 (RAMDISK_CD) #3: Tue Apr 14 1:02:03 MST 2026',
    ],
    ['[    1.234567] eth0: link up', '[   12.3] eth0: link up'],
    ['vio0: address fe:e1:bb:d1:00:01', 'vio0: address 52:54:00:12:34:56'],
    ['inet6 fe80::fce1:bbff:fed1:1%vio0', 'inet6 2001:db8::17%vio0'],
    ['lease 100.64.0.3 from 100.64.0.2:67', 'lease 100.64.1.33 from 100.64.1.32:67'],
    ['root on sd0a (1f2e3d4c5b6a7980.a)', 'root on sd0a (00aa11bb22cc33dd.a)'],
    ['uuid 6f9619ff-8b86-d011-b42d-00c04fc964ff', 'uuid 0e8400e2-9b41-d4a7-1644-665544000000'],
    ['build 01JZ8Q4M3V9T7K2E5W6X1Y0ABC', 'build 01K0000000AAAAAAAAAAAAAAAA'],
    ['fetched 28 MB in 980 ms', 'fetched 1.4 GB in 12 s'],
    ['Installing bsd 100% |*****************| done', 'Installing bsd 37% |****| done'],
    [
      'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU root',
      'SHA256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg root',
    ],
  ] as const)
    assert.equal(masked(one), masked(other));
  assert.notEqual(masked('mount: /dev/sd0a: not found'), masked('mount: /dev/sd0a: busy'));
  assert.notEqual(masked('defaced'), masked('facade'));
  assert.ok(!saysSomething(masked('  12:13  ------ 100% |***|')));
  assert.ok(saysSomething(masked('login:')));
});

test('masking a line takes no time that grows faster than the line, whatever is in it', () => {
  const began = performance.now();
  for (const part of ['a/', 'a:', '0x', 'f', '-', '1.', 'tmp.', ' ']) masked(part.repeat(500_000));
  assert.ok(performance.now() - began < 1000);
});

test('consoles that say the same do not go apart, and what only one has is passed over', () => {
  assert.deepEqual(diverge(words('a b c d'), words('a b c d')), { alike: 4, differences: [] });
  assert.deepEqual(diverge(words('a b c d e'), words('a b x y c d e')), {
    alike: 5,
    differences: [{ a: [2, 2], b: [2, 4] }],
  });
  assert.deepEqual(diverge(words('a b q c d e'), words('a b x y c d e')).differences, [{ a: [2, 3], b: [2, 4] }]);
});

test('the first divergence is where they never come together again', () => {
  const found = diverge(words('a b c d e f g'), words('a b x c d e panic ddb'));
  assert.deepEqual(found, { alike: 5, differences: [{ a: [2, 2], b: [2, 3] }], at: { a: 5, b: 6 } });
  assert.deepEqual(diverge(words('a b c'), words('a b')).at, { a: 2, b: 2 });
  assert.deepEqual(diverge([], words('a')).at, { a: 0, b: 0 });
});

test('one word that comes again by chance is no place where they meet', () => {
  const { at } = diverge(words('a b c d e f'), words('a b x d y e z'));
  assert.deepEqual(at, { a: 2, b: 2 });
});

test('a build that went on from a layer begins in the middle of the other’s console, however long that is', () => {
  const whole = [...numbered('install', 5000), ...numbered('boot', 50)];
  const { differences, at, alike } = diverge(whole, whole.slice(5000));
  assert.deepEqual(
    { differences, at, alike },
    { differences: [{ a: [0, 5000], b: [0, 0] }], at: undefined, alike: 50 },
  );
  const other = diverge(whole.slice(5000), whole);
  assert.deepEqual([other.at, other.differences], [undefined, [{ a: [0, 0], b: [0, 5000] }]]);
});

test('after the beginning more than a bounded number of lines of one are a divergence', () => {
  const inserted = [...numbered('same', 10), ...numbered('more', widest + 1), ...numbered('end', 10)];
  const plain = [...numbered('same', 10), ...numbered('end', 10)];
  assert.deepEqual(diverge(plain, inserted).at, { a: 10, b: 10 });
  assert.equal(diverge(plain, inserted.toSpliced(10, 1)).at, undefined);
});

test('finding it takes time by the number of lines, also where every third differs or all are the same word', () => {
  const began = performance.now();
  const a = Array.from({ length: 150_000 }, (_none, at) => (at % 3 === 0 ? `a ${at}` : `${at % 40}`));
  const b = a.map((line) => line.replace('a ', 'b '));
  diverge(a, b);
  diverge(Array<string>(100_000).fill('same'), Array<string>(100_000).fill('other'));
  diverge(numbered('a', 100_000), numbered('b', 100_000));
  assert.ok(performance.now() - began < 3000);
});

test('more is read until what comes could not bring them together again', () => {
  const apart = { alike: 10, differences: [], at: { a: 10, b: 10 } };
  assert.ok(!isSettled(apart, { lines: 50, isWhole: false }, { lines: 5000, isWhole: false }));
  assert.ok(isSettled(apart, { lines: 5000, isWhole: false }, { lines: 5000, isWhole: false }));
  assert.ok(isSettled(apart, { lines: 20, isWhole: true }, { lines: 20, isWhole: true }));
  assert.ok(!isSettled({ alike: 9, differences: [] }, { lines: 9, isWhole: true }, { lines: 9, isWhole: false }));
});

test('lines have their numbers in the transcript wherever it was cut, and what a terminal would leave of them', () => {
  const bytes = new TextEncoder().encode('\r\n\u001b[1mone\u001b[0m\r\n----\r\n50%\rdöne 100%\r\n\nlast');
  for (let cut = 0; cut <= bytes.length; cut++) {
    const made = makeLines();
    made.take(bytes.slice(0, cut), false);
    made.take(bytes.slice(cut), true);
    assert.deepEqual(
      made.now().lines.map(({ number, text }) => [number, text]),
      [
        [2, 'one'],
        [4, 'döne 100%'],
        [6, 'last'],
      ],
      `cut at ${cut}`,
    );
  }
});

test('documents differ by path; what a list has in common at both ends is left out, and the order of keys is none', () => {
  assert.deepEqual(differencesOf({ a: 1, b: { c: [1, 2], 'x/y': true } }, { b: { 'x/y': false, c: [1, 2] }, a: 1 }), [
    { path: '/b/x~1y', a: true, b: false },
  ]);
  assert.deepEqual(differencesOf({ list: ['a', 'c'] }, { list: ['a', 'b', 'c'] }), [
    { path: '/list/1', a: undefined, b: 'b' },
  ]);
  assert.deepEqual(differencesOf([{ n: 1 }, 2, 9], [{ n: 2 }, 3]), [
    { path: '/0/n', a: 1, b: 2 },
    { path: '/1', a: 2, b: 3 },
    { path: '/2', a: 9, b: undefined },
  ]);
  assert.deepEqual(differencesOf(JSON.parse('{"__proto__": 1}'), {}), [{ path: '/__proto__', a: 1, b: undefined }]);
  assert.deepEqual(differencesOf({ a: null }, { a: {} }), [{ path: '/a', a: null, b: {} }]);
});

test('steps are paired by name, and what only one has stands behind what it has before', () => {
  const row = (name: string, state: 'done' | 'taken' = 'done') => ({ name, state, fromMs: 1000, toMs: 3000 });
  const pairs = stepPairs([row('boot'), row('publish')], [row('install', 'taken'), row('boot'), row('seal')]);
  assert.deepEqual(
    pairs.map(({ name, a, b }) => [name, tookMs(a), tookMs(b)]),
    [
      ['install', undefined, undefined],
      ['boot', 2000, 2000],
      ['seal', undefined, 2000],
      ['publish', 2000, undefined],
    ],
  );
});
