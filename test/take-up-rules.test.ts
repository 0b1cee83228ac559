import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanupStack } from '../src/base/cleanup.ts';
import { emptyJournal, journalFile, pastIn, readJournal, type Journal } from '../src/build/take-up/journal.ts';
import { whyAnew } from '../src/build/take-up/rules.ts';

const started = { name: 'start-installer', startedAt: 1, endedAt: 2 };
const journal: Journal = {
  ...emptyJournal({ build: 'b', attempt: 1, startedAt: 1, plan: ['start-installer', 'install'] }),
  ended: [started],
};
const build = { id: 'b', status: 'running', attempt: 1, slot: 0, cancelRequested: false };

test('a build is gone on with where its machine runs and everything about it is as it was', () => {
  assert.equal(whyAnew(build, journal, 1), undefined);
  const cases: readonly (readonly [object, Journal | undefined, number])[] = [
    [{ status: 'held' }, journal, 1],
    [{ cancelRequested: true }, journal, 1],
    [{}, journal, 0],
    [{}, undefined, 1],
    [{}, { ...journal, build: 'another' }, 1],
    [{ attempt: 2 }, journal, 1],
    [{}, { ...journal, ended: [{ ...started, name: 'make-key' }] }, 1],
  ];
  for (const [change, other, slots] of cases)
    assert.equal(typeof whyAnew({ ...build, ...change }, other, slots), 'string', JSON.stringify([change, other]));
});

test('a build whose machine goes on from a kept layer is gone on with as one that booted it', () => {
  for (const name of ['start-installer', 'boot-from-disk', 'go-on'])
    assert.equal(whyAnew(build, { ...journal, ended: [{ ...started, name }] }, 1), undefined, name);
});

test('a journal is read as it was written, and one of another form is none', async () => {
  await using cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'journal-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  assert.equal(await readJournal(folder), undefined);
  const file = journalFile(folder);
  const inputs = [{ name: 'media:x', uri: 'media:x', sha256: 'ab' }];
  await Promise.all([file.write(journal), file.write({ ...journal, inputs })]);
  const read = await readJournal(folder);
  assert.deepEqual(read, { ...journal, inputs });
  assert.deepEqual(pastIn(read ?? journal), { steps: [started], inputs });
  await writeFile(join(folder, 'journal.json'), JSON.stringify({ ...journal, version: 0 }));
  assert.equal(await readJournal(folder), undefined);
  await file.remove();
  await file.write(journal);
  assert.deepEqual(await readdir(folder), []);
});
