import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Clock } from '../src/base/clock.ts';
import { systemClock } from '../src/base/clock.ts';
import { tailOf } from '../src/base/file/tail.ts';
import { keepWithin } from '../src/vmm/holder/keep-within.ts';

const mib = 2 ** 20;

test('a file beyond its bound begins anew, and the last of it can be read, whether or not its writer appends', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imaged-'));
  const ticks: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock,
    every: (_ms, tick) => {
      ticks.push(tick);
      return { [Symbol.dispose]: () => ticks.pop() };
    },
  };
  const takes = async (path: string) => (await stat(path)).blocks * 512;
  try {
    const paths = ['w', 'a'].map((flag) => join(folder, flag));
    await using overwriting = await open(paths[0] ?? '', 'w');
    await using appending = await open(paths[1] ?? '', 'a');
    const writers = [overwriting, appending];
    {
      using _ = keepWithin(paths, mib, clock);
      for (const writer of writers) await writer.write(Buffer.alloc(mib / 2, 'x'));
      ticks.forEach((tick) => tick());
      for (const path of paths) assert.equal((await stat(path)).size, mib / 2);

      for (const writer of writers) await writer.write(Buffer.alloc(2 * mib, 'x'));
      ticks.forEach((tick) => tick());
      for (const path of paths) assert.equal(await takes(path), 0);

      for (const writer of writers) await writer.write('the last words\n');
      for (const path of paths) {
        assert.ok((await takes(path)) <= mib / 4);
        assert.equal((await tailOf(path, 100)).replaceAll('\0', ''), 'the last words\n');
      }
      assert.equal(await readFile(paths[1] ?? '', 'utf8'), 'the last words\n');
    }
    assert.equal(ticks.length, 0);
  } finally {
    await rm(folder, { recursive: true });
  }
});
