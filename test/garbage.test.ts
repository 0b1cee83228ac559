import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { collectGarbage } from '../src/cli/garbage.ts';

/** Something that nothing refers to but a WeakRef, as it is when its maker has returned. */
const dropped = (): WeakRef<object> => new WeakRef({ words: Array.from({ length: 100_000 }, String) });

test('what nothing refers to is collected, and scripts find the flags as they were', async () => {
  const before: unknown = runInNewContext('typeof gc');
  const refs = Array.from({ length: 3 }, dropped);
  // A WeakRef keeps what it refers to until the end of the turn in which it was made.
  await new Promise(setImmediate);
  await collectGarbage();
  assert.deepEqual(
    refs.map((ref) => ref.deref()),
    [undefined, undefined, undefined],
  );
  assert.equal(runInNewContext('typeof gc'), before);
});
