import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allotted, judgeLayout, parseDisklabel, sizeRange } from '../src/openbsd/disklabel.ts';

const mb = 2048;
const gb = 1024 * mb;

test('a size is a number as strtod(3) reads it and the first letter of a unit', () => {
  const cases: readonly (readonly [string, number, number])[] = [
    ['*', 0, Infinity],
    ['4G', 4 * gb, 4 * gb],
    ['4GiB', 4 * gb, 4 * gb],
    ['512megabytes', 512 * mb, 512 * mb],
    ['4G-', 4 * gb, 4 * gb],
    ['4G-*', 4 * gb, Infinity],
    ['4G-*%', 4 * gb, Infinity],
    ['4-8G', 4 * gb, 8 * gb],
    ['0-8g', 0, 8 * gb],
    ['4G-0', 4 * gb, 4 * gb],
    ['.5G', gb / 2, gb / 2],
    ['5.G', 5 * gb, 5 * gb],
    ['1e3M-2000MB', 1000 * mb, 2000 * mb],
    ['0x10M', 16 * mb, 16 * mb],
    ['+1T', 1024 * gb, 1024 * gb],
  ];
  for (const [text, least, most] of cases) assert.deepEqual(sizeRange(text), { least, most }, text);
});

test('what disklabel(8) would not take, or would end at, is refused', () => {
  for (const text of ['', '4', '4-', '4-*', '4-8', '4G-8', '-4G', '*-4G', 'G', '4X', '4G-x', '1e-3G', 'inf', '8G-4G'])
    assert.throws(() => sizeRange(text), /is not a size|least size above/, text);
});

test('blanks, tabs and carriage returns end a word, and nothing is read behind the percentage', () => {
  const text = '/ 4G-* 60% \r\nSWAP\t512M\t10\r\nRaid 1G +5% spare disk\n/home/ 1G\t\n';
  assert.deepEqual(
    parseDisklabel(text).map(({ mount, least, percent }) => [mount, least, percent]),
    [
      ['/', 4 * gb, 60],
      ['swap', 512 * mb, 10],
      ['raid', gb, 5],
      ['/home/', gb, 0],
    ],
  );
});

test('a line that disklabel(8) stops at is told by its number', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['/ 4G-*\n\n', /^line 2: is empty/],
    ['/ 4G-*\r\n\r\n', /^line 2: is empty/],
    [' / 4G-*\n', /^line 1: is empty or begins with a blank/],
    ['# root\n/ 4G\n', /^line 1: is a comment/],
    ['/\n', /^line 1: has no size/],
    ['/ 4G # root\n', /^line 1: "#" is no percentage/],
    ['/ 4G 101%\n', /^line 1: "101%" is no percentage/],
    ['/ 4G 1.5%\n', /^line 1: "1.5%" is no percentage/],
    ['root 4G\n', /^line 1: "root" is no mount point/],
  ];
  for (const [text, expected] of cases)
    assert.throws(() => parseDisklabel(text), { name: 'ParseError', message: expected }, JSON.stringify(text));
});

test('several swaps and raids may stand beside one root, and are no file systems', () => {
  judgeLayout(parseDisklabel('/ 4G\nswap 1G\nswap 1G\nraid 1G\nraid 1G\n'));
  assert.throws(() => judgeLayout(parseDisklabel('/ 4G\n/usr 1G\n/usr 1G\n')), /"\/usr" twice/);
});

test('without percentages the last partition alone grows', () => {
  const [root = 0, swap = 0] = allotted(parseDisklabel('/ 1G-*\nswap 256M-*\n'), 10_240);
  assert.equal(root, gb);
  assert.ok(swap > 8 * gb);
});
