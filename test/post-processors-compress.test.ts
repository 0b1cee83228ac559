import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runProgram } from '../src/base/program.ts';
import { digestsOf } from '../src/image/digests.ts';
import { formats, rows, type Format } from '../src/post-processors/compressing/formats.ts';
import type { ArtifactDraft } from '../src/post-processors/kind.ts';
import { bench } from './fixtures/post-processing.ts';
import { isLong } from './fixtures/hypervisor.ts';

const on = () => new AbortController().signal;

const settings = (format: Format) => ({ format, level: rows[format].level, keepsInput: true });

const exported = { type: 'export', settings: { name: 'a.raw', disk: 0, format: 'raw', mostMb: 9 } } as const;

/** How the programs of the formats print what a file is made of. */
const reading: Readonly<Record<Format, readonly string[]>> = {
  zstd: ['zstd', '-d', '-c', '-q'],
  gzip: ['gzip', '-d', '-c'],
  xz: ['xz', '-d', '-c'],
  lz4: ['lz4', '-d', '-c', '-q'],
  zip: ['unzip', '-p'],
};

const printedBy = async ([program = '', ...args]: readonly string[], file: string): Promise<Buffer> => {
  const parts: Buffer[] = [];
  await runProgram(program, [...args, file], { signal: on(), onBytes: (bytes) => void parts.push(Buffer.from(bytes)) });
  return Buffer.concat(parts);
};

/** Compresses the bench's disk, and gives what came of it. */
const compressed = async (at: Awaited<ReturnType<typeof bench>>, format: Format): Promise<ArtifactDraft> => {
  const drafts = await at.run(exported, [], []);
  const [, made] = await at.run({ type: 'compress', settings: settings(format) }, ['a.raw'], drafts);
  assert.ok(made);
  return made;
};

test('each format gives back what it was made of, by its own program, and is hashed as it is written', async () => {
  for (const format of formats) {
    await using at = await bench();
    const bytes = Buffer.concat([randomBytes(700_000), Buffer.alloc(5_000_000), randomBytes(600_000)]);
    await writeFile(at.disk.path, bytes);
    const made = await compressed(at, format);
    assert.equal(made.name, `a.raw.${rows[format].ending}`);
    assert.ok((await printedBy(reading[format], made.from)).equals(bytes), format);
    const { size, digests } = await digestsOf(made.from, ['sha256'], on());
    assert.deepEqual(made.known, { size, sha256: digests.get('sha256') }, format);
    assert.ok(size < 1_500_000, `${format}: ${size}`);
    assert.equal((await stat(made.from)).mode & 0o777, 0o600, format);
  }
});

test('a file that comes faster than zstd compresses it comes back whole', async () => {
  await using at = await bench();
  // What is made of a few thousand words has a match at every place, and takes zstd long.
  const words = Array.from({ length: 4096 }, (_, at) => randomBytes(1 + (at % 9)).toString('hex'));
  const chosen = new Uint16Array(isLong ? 8_000_000 : 2_000_000).map(() => Math.random() * words.length);
  const bytes = Buffer.from(Array.from(chosen, (at) => words[at]).join(' '));
  await writeFile(at.disk.path, bytes);
  assert.ok((await printedBy(reading.zstd, (await compressed(at, 'zstd')).from)).equals(bytes));
});

test('an empty file is compressed, too', async () => {
  for (const format of formats) {
    await using at = await bench();
    await writeFile(at.disk.path, '');
    assert.equal((await printedBy(reading[format], (await compressed(at, format)).from)).length, 0, format);
  }
});

test('the same bytes give the same file, whatever the file is called and whenever it was written', async () => {
  const bytes = Buffer.concat([randomBytes(400_000), Buffer.alloc(3_000_000)]);
  for (const format of formats) {
    const made: Buffer[] = [];
    for (const seconds of [1_000_000_000, 1_700_000_000]) {
      await using at = await bench();
      await writeFile(`${at.disk.path}-${seconds}`, bytes);
      await utimes(`${at.disk.path}-${seconds}`, seconds, seconds);
      await rename(`${at.disk.path}-${seconds}`, at.disk.path);
      made.push(await readFile((await compressed(at, format)).from));
    }
    assert.ok(made[0]?.equals(made[1] ?? Buffer.alloc(0)), format);
  }
});

test('an archive and a frame say how large the file is that comes out of them', async () => {
  await using at = await bench();
  await writeFile(at.disk.path, Buffer.alloc(3_000_000));
  const zip = await runProgram('unzip', ['-l', (await compressed(at, 'zip')).from], { signal: on() });
  assert.match(zip.stdout, /3000000 +.*a\.raw/);
  const zstd = await runProgram('zstd', ['-lv', (await compressed(at, 'zstd')).from], { signal: on() });
  assert.match(zstd.stdout, /Decompressed Size: .*\(3000000 B\)/);
});

test('progress of a long file is told as events with what is done and the whole', async () => {
  await using at = await bench();
  const file = await open(at.disk.path, 'wx');
  await file.truncate(40_000_000);
  await file.close();
  await compressed(at, 'gzip');
  const [first] = at.tools.told.filter(({ type }) => type === 'artifact.progress');
  assert.ok(first, 'the first is told at once');
  const { bytes, ...others } = first.data as { readonly bytes: number };
  assert.deepEqual(others, { name: 'a.raw.gz', step: 'compress', total: 40_000_000 });
  assert.ok(bytes > 0 && bytes <= 40_000_000);
});

test('compressing and hashing a large file takes little memory', async () => {
  await using at = await bench();
  const file = await open(at.disk.path, 'wx');
  const mb = isLong ? 4096 : 160;
  await file.truncate(mb * 2 ** 20);
  await file.write(randomBytes(2 ** 20), 0, 2 ** 20, 100 * 2 ** 20);
  await file.close();
  const drafts: readonly ArtifactDraft[] = [{ name: 'a.raw', mediaType: 'x/y', from: at.disk.path }];
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 20);
  // A test that fails must not keep its file from its end.
  using watch = { [Symbol.dispose]: () => clearInterval(timer) };
  assert.ok(watch);
  const before = process.memoryUsage.rss();
  for (const format of ['zstd', 'gzip'] as const)
    await at.run({ type: 'compress', settings: settings(format) }, ['a.raw'], drafts);
  await at.run({ type: 'checksum', settings: { types: ['sha256', 'md5'], format: 'gnu' } }, ['a.raw'], drafts);
  assert.ok(most - before < 200 * 2 ** 20, `${Math.round((most - before) / 2 ** 20)} MB more`);
});

test('lines of all digests in one file are checked by the programs that read them', async () => {
  await using at = await bench();
  await writeFile(at.disk.path, randomBytes(100_000));
  const drafts = await at.run(exported, [], []);
  const types = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
  const bsd = await at.run({ type: 'checksum', settings: { types, format: 'bsd', output: 'SUMS' } }, ['a.raw'], drafts);
  const gnu = await at.run({ type: 'checksum', settings: { types, format: 'gnu' } }, ['a.raw'], bsd);
  await at.publish(gnu);
  const check = (program: string, file: string) => runProgram(program, ['-c', file], { signal: on(), cwd: at.folder });
  assert.equal((await check('cksum', 'SUMS')).stdout, 'a.raw: OK\n'.repeat(types.length));
  for (const type of types) assert.equal((await check(`${type}sum`, `a.raw.${type}`)).stdout, 'a.raw: OK\n');
  assert.equal((await readFile(join(at.folder, 'SUMS'), 'utf8')).split('\n').length, types.length + 1);
});
