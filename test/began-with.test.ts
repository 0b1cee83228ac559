import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { beganWithOf } from '../src/build/asked/began-with.ts';

const nothingSent = { stored: undefined, sensitive: [], variables: {} };

const stateOf = async (path: string, digest?: string): Promise<string | undefined> => {
  const inputs = { files: [{ path, shown: 'media:some/thing' }], fetched: [] };
  const { files } = await beganWithOf({ secrets: [] }, inputs, nothingSent, () => digest);
  assert.deepEqual(files.map(({ name }) => name), ['media:some/thing']); // prettier-ignore
  return files[0]?.state;
};

test('a folder has changed when one of its files has: its bytes, its time, its place, or that it is there', async () => {
  const home = await mkdtemp(join(tmpdir(), 'began-with-'));
  try {
    await mkdir(join(home, 'below'));
    const file = join(home, 'below/a');
    const seen = new Set<string | undefined>();
    const isNew = async () => {
      const state = await stateOf(home);
      assert.equal(await stateOf(home), state);
      assert.ok(!seen.has(state));
      seen.add(state);
    };
    await isNew();
    await writeFile(file, 'one');
    await isNew();
    await writeFile(file, 'other');
    await isNew();
    await utimes(file, 1, 1);
    await isNew();
    await writeFile(join(home, 'below/b'), '');
    await isNew();
    await rm(file);
    await isNew();
  } finally {
    await rm(home, { recursive: true });
  }
});

test('an upload is known by its digest, wherever its file is, and a file that is gone has a state as well', async () => {
  assert.equal(await stateOf('/nowhere/a', 'ab'), 'sha256:ab');
  assert.equal(await stateOf('/nowhere/b', 'ab'), 'sha256:ab');
  assert.match((await stateOf('/nowhere/a')) ?? '', /^stat:[0-9a-f]{64}$/);
});

test('a sensitive value is in no name of a file, and the sensitive variables that were sent are known by name alone', async () => {
  const inputs = { files: [{ path: '/nowhere/a', shown: 'media:some/hunter22' }], fetched: [] };
  const sent = {
    ...nothingSent,
    sensitive: ['password', 'other'],
    variables: { password: 'hunter22', release: '7.9' },
  };
  const began = await beganWithOf({ secrets: ['hunter22'] }, inputs, sent);
  assert.deepEqual(began.sent, ['password']);
  assert.doesNotMatch(JSON.stringify(began), /hunter22/);
});
