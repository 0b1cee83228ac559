import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutEnd } from '../src/base/pattern/without-end.ts';
import { checksumIn } from '../src/fetch/sums-file.ts';
import { atBestMs } from './fixtures/at-best.ts';

test('characters at the end go, and those before them stay', () => {
  assert.deepEqual(['/', '//', 'a/b//', '/a', ''].map((text) => withoutEnd(text, '/')), ['', '', 'a/b', '/a', '']); // prettier-ignore
  assert.equal(withoutEnd('a\r\n\n', '\r\n'), 'a');
});

test('a megabyte of what could be the end costs less than 100 ms, at best', async () => {
  const million = 1024 * 1024;
  const most = await atBestMs(100, () => {
    const began = performance.now();
    assert.equal(withoutEnd(`${'/'.repeat(million)}x`, '/').length, million + 1);
    assert.equal(checksumIn(`a x${' '.repeat(million)}x`, ['x']), undefined);
    return Promise.resolve(performance.now() - began);
  });
  assert.ok(most < 100, `${most} ms`);
});
