import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { link, mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanupStack } from '../src/base/cleanup.ts';
import { asFault, Fault, type FaultCode } from '../src/base/fault.ts';
import { copySparse } from '../src/image/copy-sparse.ts';
import { freeMb } from '../src/image/space.ts';
import { publishFile } from '../src/image/publish-file.ts';
import { writeSums } from '../src/image/write-sums.ts';
import { runProgram } from '../src/base/program.ts';
import { runs } from './fixtures/long.ts';

const on = () => new AbortController().signal;
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const failsAs = (code: FaultCode) => (error: unknown) => error instanceof Fault && error.code === code;

/** A workspace and, in the same file system, a folder for artifacts. */
const shelf = async () => {
  const cleanup = cleanupStack();
  const root = await mkdtemp(join(tmpdir(), 'artifact-'));
  cleanup.defer(() => rm(root, { recursive: true, force: true }));
  const folder = join(root, 'artifacts');
  await mkdir(folder);
  const from = join(root, 'disk.raw');
  return {
    root,
    folder,
    from,
    keep: cleanup.keep,
    publish: (name = 'image.raw', more: Partial<Parameters<typeof publishFile>[0]> = {}) =>
      publishFile({ from, folder, name, mediaType: 'application/x-raw-disk-image', signal: on(), ...more }),
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};

test('a published file is whole, read-only, under its name alone, and said with size and digest', async () => {
  await using here = await shelf();
  const bytes = randomBytes(2_500_001);
  await writeFile(here.from, bytes);
  const artifact = await here.publish();
  assert.deepEqual(artifact, {
    name: 'image.raw',
    mediaType: 'application/x-raw-disk-image',
    size: 2_500_001,
    sha256: digest(bytes),
  });
  const { mode, nlink } = await stat(join(here.folder, 'image.raw'));
  assert.deepEqual([mode & 0o777, nlink], [0o440, 1]);
  assert.ok((await readFile(join(here.folder, 'image.raw'))).equals(bytes));
  assert.deepEqual(await readdir(here.root), ['artifacts']);
});

test('publishing again after a crash, at whatever point, gives the same artifact', async () => {
  await using here = await shelf();
  const bytes = randomBytes(100_000);
  const target = join(here.folder, 'image.raw');
  const expected = {
    name: 'image.raw',
    mediaType: 'application/x-raw-disk-image',
    size: 100_000,
    sha256: digest(bytes),
  };
  await writeFile(here.from, bytes);
  await link(here.from, target);
  assert.deepEqual(await here.publish(), expected, 'after it had its name, before the other was gone');
  assert.deepEqual(await here.publish(), expected, 'after all of it');
  await writeFile(here.from, bytes);
  assert.deepEqual(await here.publish(), expected, 'after it was made once more, the same');
  await writeFile(here.from, 'made once more, but not the same');
  await assert.rejects(here.publish(), failsAs('disk_failed'));
  assert.ok((await readFile(target)).equals(bytes), 'another file is not replaced');
  assert.equal((await here.publish('image.raw', { replacesLeftover: true })).size, 32);
  assert.equal(await readFile(target, 'utf8'), 'made once more, but not the same');
  assert.deepEqual(await readdir(here.root), ['artifacts']);
});

test('a file that is nowhere, and a name that is no file name, are refused', async () => {
  await using here = await shelf();
  await assert.rejects(here.publish(), failsAs('disk_failed'));
  await writeFile(here.from, 'x');
  for (const name of [
    '',
    '.',
    '..',
    '../x',
    'a/b',
    '.hidden',
    'SHA256',
    'a\nb',
    'a b',
    'a) = 0',
    '-rf',
    'x'.repeat(201),
  ])
    await assert.rejects(here.publish(name), failsAs('template_invalid'), name);
  assert.deepEqual(await readdir(here.folder), []);
});

test('an abort leaves the artifacts as they were', async () => {
  await using here = await shelf();
  await writeFile(here.from, randomBytes(10_000));
  const reason = new Fault('cancelled', 'enough');
  await assert.rejects(here.publish('image.raw', { signal: AbortSignal.abort(reason) }), reason);
  await assert.rejects(
    copySparse({ from: here.from, to: `${here.from}.copy`, signal: AbortSignal.abort(reason) }),
    reason,
  );
  assert.deepEqual(await readdir(here.folder), []);
  assert.deepEqual((await readdir(here.root)).sort(), ['artifacts', 'disk.raw']);
});

test('the sums are read by sha256sum, name every artifact, and are replaced as one', async () => {
  await using here = await shelf();
  const artifacts = [];
  for (const name of ['a.qcow2', 'b.raw']) {
    await writeFile(here.from, name);
    artifacts.push(await here.publish(name));
  }
  await writeSums(here.folder, artifacts.slice(0, 1));
  await writeFile(join(here.folder, '.SHA256.new'), 'left by a daemon that was killed');
  await writeSums(here.folder, artifacts);
  const text = await readFile(join(here.folder, 'SHA256'), 'utf8');
  assert.match(text, /^SHA256 \(a\.qcow2\) = [0-9a-f]{64}\nSHA256 \(b\.raw\) = [0-9a-f]{64}\n$/);
  const { stdout } = await runProgram('sha256sum', ['-c', '--strict', 'SHA256'], { signal: on(), cwd: here.folder });
  assert.equal(stdout, 'a.qcow2: OK\nb.raw: OK\n');
  assert.deepEqual((await readdir(here.folder)).sort(), ['SHA256', 'a.qcow2', 'b.raw']);
});

test('a copy is the same bytes with the digest of the whole, and its zeros take no room', async () => {
  await using here = await shelf();
  const size = 16 * 1024 * 1024 + 777;
  {
    await using file = await open(here.from, 'w');
    await file.truncate(size);
    await file.write('begin', 0);
    await file.write(Buffer.alloc(3_000_000), 0, 3_000_000, 5_000_000);
    await file.write('middle', 12_000_001);
  }
  const to = join(here.root, 'copy');
  const copied = await copySparse({ from: here.from, to, signal: on() });
  assert.deepEqual(copied, { size, sha256: digest(await readFile(here.from)) });
  assert.ok((await readFile(to)).equals(await readFile(here.from)));
  const { blocks, mode } = await stat(to);
  assert.ok(blocks * 512 <= 256 * 1024, `${blocks * 512} bytes are taken`);
  assert.equal(mode & 0o777, 0o600);
  const artifact = await here.publish('image.raw', { from: to, known: copied });
  assert.equal(artifact.sha256, copied.sha256);
});

test('any mixture of data and zeros, of any size, is copied as it is', async () => {
  await using here = await shelf();
  const run = fc.record({
    length: fc.oneof(
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 65_530, max: 65_540 }),
      fc.integer({ max: 1_100_000, min: 0 }),
    ),
    isZero: fc.boolean(),
  });
  const to = join(here.root, 'copy');
  await fc.assert(
    fc.asyncProperty(fc.array(run, { maxLength: 5 }), async (runs) => {
      const bytes = Buffer.concat(runs.map(({ length, isZero }) => Buffer.alloc(length, isZero ? 0 : 7)));
      await writeFile(here.from, bytes);
      const copied = await copySparse({ from: here.from, to, signal: on() });
      assert.deepEqual(copied, { size: bytes.length, sha256: digest(bytes) });
      assert.ok((await readFile(to)).equals(bytes));
    }),
    runs(1000),
  );
});

test(
  'a full disk is known as such, and the half-written copy is gone',
  { skip: userInfo().uid !== 0 },
  async (context) => {
    await using here = await shelf();
    const small = join(here.root, 'small');
    await mkdir(small);
    try {
      await runProgram('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small], { signal: on() });
    } catch (error) {
      context.skip(`a small file system cannot be mounted here: ${String(error)}`);
      return;
    }
    here.keep({ [Symbol.asyncDispose]: async () => void (await runProgram('umount', [small], { signal: on() })) });
    assert.equal(await freeMb(small), 1);
    await writeFile(here.from, randomBytes(2_000_000));
    await assert.rejects(
      copySparse({ from: here.from, to: join(small, 'copy'), signal: on() }),
      (error) => asFault(error).code === 'storage_full',
    );
    assert.deepEqual(await readdir(small), []);
  },
);
