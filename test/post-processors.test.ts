import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { systemClock } from '../src/base/clock.ts';
import { Fault } from '../src/base/fault.ts';
import { runProgram } from '../src/base/program.ts';
import { downloadedFile } from '../src/build/downloaded-file.ts';
import { publishFile } from '../src/image/publish-file.ts';
import { bench } from './fixtures/post-processing.ts';

const on = () => new AbortController().signal;

const exported = { type: 'export', settings: { name: 'a.raw', disk: 0, format: 'raw', mostMb: 1 } } as const;
const compress = { type: 'compress', settings: { format: 'zstd', level: 3, keepsInput: false } } as const;

test('a compressed file comes in place of what it is made of, and gives it back', async () => {
  await using at = await bench();
  const bytes = Buffer.concat([Buffer.alloc(3_000_000), randomBytes(100_000)]);
  await writeFile(at.disk.path, bytes);
  const [draft, ...none] = await at.run(compress, ['a.raw'], await at.run(exported, [], []));
  assert.deepEqual([draft?.name, draft?.mediaType, none.length], ['a.raw.zst', 'application/zstd', 0]);
  assert.equal((await readdir(at.workspace)).length, 2, 'the disk and the compressed file');
  assert.deepEqual(await at.publish(draft ? [draft] : []), ['a.raw.zst']);
  const published = await readFile(join(at.folder, 'a.raw.zst'));
  assert.ok(published.length < 110_000);
  assert.ok(zstdDecompressSync(published).equals(bytes));
});

test('what is kept is published beside it, and an artifact that is not named is left alone', async () => {
  await using at = await bench();
  await writeFile(at.disk.path, 'bytes');
  const second = { ...exported, settings: { ...exported.settings, name: 'b.raw' } };
  const both = await at.run(second, [], await at.run(exported, [], []));
  const keeping = { type: 'compress', settings: { format: 'zstd', level: 19, keepsInput: true } } as const;
  const drafts = await at.run(keeping, ['a.raw'], both);
  assert.deepEqual(await at.publish(drafts), ['a.raw', 'a.raw.zst', 'b.raw']);
});

test('digests are read by the programs that check them, in the form of BSD and of GNU', async () => {
  await using at = await bench();
  await writeFile(at.disk.path, randomBytes(2_500_000));
  const sums = (format: 'bsd' | 'gnu', types: readonly ('sha256' | 'sha512')[]) =>
    ({ type: 'checksum', settings: { types, format } }) as const;
  const drafts = await at.run(exported, [], []);
  const withBsd = await at.run(sums('bsd', ['sha256']), ['a.raw'], drafts);
  const withBoth = await at.run(sums('gnu', ['sha512']), ['a.raw'], withBsd);
  assert.deepEqual(await at.publish(withBoth), ['a.raw', 'a.raw.sha256', 'a.raw.sha512']);
  assert.match(await readFile(join(at.folder, 'a.raw.sha256'), 'utf8'), /^SHA256 \(a\.raw\) = [0-9a-f]{64}\n$/);
  assert.match(await readFile(join(at.folder, 'a.raw.sha512'), 'utf8'), /^[0-9a-f]{128} {2}a\.raw\n$/);
  for (const type of ['sha256', 'sha512']) {
    const check = await runProgram(`${type}sum`, ['-c', '--strict', `a.raw.${type}`], { signal: on(), cwd: at.folder });
    assert.equal(check.stdout, 'a.raw: OK\n');
  }
});

test('what is known of a file after its checksum is what publishing finds by reading it', async () => {
  await using at = await bench();
  await writeFile(at.disk.path, randomBytes(10_000));
  const [draft] = await at.run({ type: 'checksum', settings: { types: ['sha512'], format: 'bsd' } }, ['a.raw'], await at.run(exported, [], [])); // prettier-ignore
  assert.ok(draft?.known);
  const { known, ...unread } = draft;
  const { size, sha256 } = await publishFile({ ...unread, folder: at.folder, signal: on() });
  assert.deepEqual({ size, sha256 }, known);
});

test('what imaged writes itself is hashed as it is written, and a sparse disk stays sparse', async () => {
  await using at = await bench();
  const file = await open(at.disk.path, 'wx');
  await file.write(randomBytes(100_000), 0, 100_000, 5_000_000);
  await file.truncate(64 * 2 ** 20);
  await file.close();
  const [plain] = await at.run(exported, [], []);
  assert.ok(plain?.known);
  assert.ok((await stat(plain.from)).blocks * 512 < 2 ** 20, 'holes stay holes');
  const keeping = { type: 'compress', settings: { format: 'zstd', level: 3, keepsInput: true } } as const;
  for (const { known, ...unread } of await at.run(keeping, ['a.raw'], [plain])) {
    const { size, sha256 } = await publishFile({ ...unread, folder: at.folder, signal: on() });
    assert.deepEqual({ size, sha256 }, known, unread.name);
  }
});

test('a file of the guest is an artifact, under more than one name if need be', async () => {
  await using at = await bench();
  await writeFile(downloadedFile(at.workspace, 'log'), 'said');
  const of = (name: string) => ({ type: 'export', settings: { name, file: 'log', mostMb: 0 } }) as const;
  const drafts = await at.run(of('other'), [], await at.run(of('log'), [], []));
  assert.deepEqual(await at.publish(drafts), ['log', 'other']);
  for (const name of ['log', 'other']) assert.equal(await readFile(join(at.folder, name), 'utf8'), 'said');
});

test('an abort ends a compression with its own reason', async () => {
  await using at = await bench();
  await writeFile(at.disk.path, randomBytes(50_000_000));
  const abort = new AbortController();
  const reason = new Fault('cancelled', 'enough');
  const drafts = await at.run(exported, [], []);
  const slow = { type: 'compress', settings: { format: 'zstd', level: 9, keepsInput: true } } as const;
  const compressing = at.run(slow, ['a.raw'], drafts, abort.signal);
  void systemClock.sleep(50, on()).then(() => abort.abort(reason));
  await assert.rejects(compressing, reason);
});
