import assert from 'node:assert/strict';
import { test } from 'node:test';
import { archiveKindOf } from '../src/base/file/archive-kind.ts';

test('a tar is known by its header, and JSON that has the same word in its place is JSON', () => {
  const header = Buffer.alloc(512);
  header.write('{name}');
  header.write('ustar', 257);
  assert.equal(archiveKindOf(header), 'tar');
  assert.equal(archiveKindOf(Buffer.from(`{"a": "${'x'.repeat(250)}ustar"}`)), 'JSON');
});
