import assert from 'node:assert/strict';
import { test } from 'node:test';
import { orAborted } from '../src/base/waiting.ts';

test('a promise that fails after its caller was aborted troubles nobody', async () => {
  const unheard: unknown[] = [];
  const note = (reason: unknown) => void unheard.push(reason);
  process.on('unhandledRejection', note);
  try {
    const reason = new Error('too late');
    const failing = Promise.reject<number>(new Error('nobody cares'));
    await assert.rejects(orAborted(failing, AbortSignal.abort(reason)), reason);
    const later = new AbortController();
    const waiting = orAborted(
      Promise.resolve().then(() => Promise.reject(new Error('nor here'))),
      later.signal,
    );
    later.abort(reason);
    await assert.rejects(waiting, reason);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(unheard, []);
  } finally {
    process.off('unhandledRejection', note);
  }
});
