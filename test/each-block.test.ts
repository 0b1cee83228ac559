import assert from 'node:assert/strict';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { eachBlock } from '../src/image/each-block.ts';

const { signal } = new AbortController();

test('files that are read one after the other take one buffer, those at the same time one each, and none shows what was in it before', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imaged-'));
  try {
    const path = join(folder, 'file');
    const shown = async (text: string, inside?: () => Promise<unknown>): Promise<ArrayBufferLike> => {
      await writeFile(path, text);
      await using file = await open(path, 'r');
      const seen = new Set<ArrayBufferLike>();
      const size = await eachBlock(file, signal, async (block, offset) => {
        assert.equal(offset, 0);
        assert.equal(block.toString(), text);
        seen.add(block.buffer);
        await inside?.();
        assert.equal(block.toString(), text);
      });
      assert.equal(size, text.length);
      const [buffer] = seen;
      assert.ok(seen.size === 1 && buffer !== undefined);
      return buffer;
    };
    const first = await shown('a long text');
    for (let file = 0; file < 20; file++) assert.equal(await shown('short'), first);

    let inner: ArrayBufferLike | undefined;
    const outer = await shown('outside', async () => (inner = await shown('inside')));
    assert.notEqual(outer, inner);

    // Also when it is left early.
    await assert.rejects(
      shown('text', () => Promise.reject(new Error('enough'))),
      /enough/,
    );
    assert.ok([outer, inner].includes(await shown('text')));
  } finally {
    await rm(folder, { recursive: true });
  }
});
