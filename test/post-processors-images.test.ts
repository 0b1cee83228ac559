import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../src/base/fault.ts';
import { runProgram } from '../src/base/program.ts';
import { imageFormats, imageRows, type ImageFormat } from '../src/post-processors/image-formats.ts';
import type { ArtifactDraft } from '../src/post-processors/kind.ts';
import { bench } from './fixtures/post-processing.ts';

const on = () => new AbortController().signal;

const mb = 2 ** 20;

/** A raw disk of a size that no geometry of cylinders fits, with data in it. */
const rawDisk = async (at: Awaited<ReturnType<typeof bench>>): Promise<readonly ArtifactDraft[]> => {
  const file = await open(at.disk.path, 'wx');
  await file.truncate(37 * mb);
  await file.write(randomBytes(mb), 0, mb, 20 * mb);
  await file.write(Buffer.alloc(3 * mb, 'words '), 0, 3 * mb, 30 * mb);
  await file.close();
  return [{ name: 'a.raw', mediaType: imageRows.raw.mediaType, from: at.disk.path }];
};

const to = (format: ImageFormat, more: { readonly compress?: boolean } = {}) =>
  ({ type: 'convert', settings: { format, compress: false, keepsInput: true, ...more } }) as const;

type Info = { readonly format: string; readonly 'virtual-size': number; readonly 'format-specific'?: unknown };

const infoOf = async (path: string, format: string): Promise<Info> =>
  JSON.parse(
    (await runProgram('qemu-img', ['info', '--output=json', '-f', format, path], { signal: on() })).stdout,
  ) as Info;

test('each format is read by qemu-img, with the same size and the same bytes', async () => {
  for (const format of imageFormats.filter((one) => one !== 'raw' && one !== 'qcow2')) {
    await using at = await bench();
    const [, made, ...none] = await at.run(to(format), ['a.raw'], await rawDisk(at));
    assert.deepEqual([made?.name, made?.mediaType, none.length], [`a.${format}`, imageRows[format].mediaType, 0]);
    assert.ok(made);
    const { qemu } = imageRows[format];
    assert.equal((await infoOf(made.from, qemu))['virtual-size'], 37 * mb, format);
    const compare = ['compare', '-f', 'raw', '-F', qemu, at.disk.path, made.from];
    assert.match((await runProgram('qemu-img', compare, { signal: on() })).stdout, /identical/, format);
    assert.equal((await stat(made.from)).mode & 0o777, 0o600, format);
    if (format !== 'vmdk') continue;
    assert.match(JSON.stringify(await infoOf(made.from, qemu)), /streamOptimized/);
    assert.ok((await stat(made.from)).size < 3 * mb, 'it is compressed');
  }
});

test('clusters of a qcow2 are compressed by zstd where that is asked for, of a qcow2 too', async () => {
  await using at = await bench();
  const drafts = await rawDisk(at);
  const [, small] = await at.run(to('qcow2', { compress: true }), ['a.raw'], drafts);
  assert.ok(small);
  assert.match(JSON.stringify(await infoOf(small.from, 'qcow2')), /"compression-type":"zstd"/);
  assert.ok((await stat(small.from)).size < 3 * mb);
  await runProgram('qemu-img', ['check', '-f', 'qcow2', small.from], { signal: on() });
  const again = await at.run(to('qcow2', { compress: true }), [small.name], [small]);
  assert.deepEqual(again.map(({ name }) => name), ['a.qcow2', 'a.small.qcow2']); // prettier-ignore
});

test('nothing is converted that nobody asked for: the same format and other files pass through', async () => {
  await using at = await bench();
  const drafts = [...(await rawDisk(at)), { name: 'sums', mediaType: 'text/plain', from: at.disk.path }];
  assert.deepEqual(await at.run(to('raw'), ['a.raw', 'sums'], drafts), drafts);
});

/** Keys of signify, made by its own program; the secret one is readable by its owner alone. */
const keys = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'signify-'));
  const [secret, open] = [join(folder, 'host.sec'), join(folder, 'host.pub')];
  await runProgram('signify-openbsd', ['-G', '-n', '-p', open, '-s', secret], { signal: on() });
  await chmod(secret, 0o600);
  return { folder, secret, open, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
};

test('signatures are verified by signify, detached and with the text of a checksum file in them', async () => {
  await using key = await keys();
  await using at = await bench({ signingKey: key.secret });
  await rawDisk(at);
  const drafts = await at.run({ type: 'export', settings: { name: 'a.raw', disk: 0, format: 'raw', mostMb: 37 } }, [], []); // prettier-ignore
  const summed = await at.run({ type: 'checksum', settings: { types: ['sha256'], format: 'bsd', output: 'SUMS' } }, ['a.raw'], drafts); // prettier-ignore
  const signed = await at.run({ type: 'sign', settings: { embed: true } }, ['SUMS'], summed);
  const all = await at.run({ type: 'sign', settings: { embed: false } }, ['a.raw'], signed);
  assert.deepEqual(await at.publish(all), ['SUMS', 'SUMS.sig', 'a.raw', 'a.raw.sig']);
  const signify = (...args: readonly string[]) =>
    runProgram('signify-openbsd', args, { signal: on(), cwd: at.folder, accept: 'any' });
  assert.equal((await signify('-C', '-p', key.open, '-x', 'SUMS.sig')).stdout, 'Signature Verified\na.raw: OK\n');
  assert.equal((await signify('-V', '-p', key.open, '-m', 'a.raw')).exitCode, 0);
  await chmod(join(at.folder, 'a.raw'), 0o600);
  await writeFile(join(at.folder, 'a.raw'), 'other');
  assert.notEqual((await signify('-C', '-p', key.open, '-x', 'SUMS.sig')).exitCode, 0, 'a changed file is seen');
});

test('a key that others can read, that has a passphrase or is damaged signs nothing', async () => {
  await using key = await keys();
  await using at = await bench({ signingKey: key.secret });
  await writeFile(at.disk.path, 'bytes');
  const drafts = [{ name: 'a', mediaType: 'text/plain', from: at.disk.path }];
  const signing = () => at.run({ type: 'sign', settings: { embed: false } }, ['a'], drafts);
  const refused = async (why: RegExp) =>
    assert.rejects(signing, (error) => error instanceof Fault && error.code === 'configuration_invalid' && why.test(error.message)); // prettier-ignore
  await chmod(key.secret, 0o644);
  await refused(/may be read by others: chmod 600/);
  await chmod(key.secret, 0o600);
  const text = await readFile(key.secret, 'utf8');
  const changed = async (at: number, value: number) => {
    const bytes = Buffer.from(text.split('\n')[1] ?? '', 'base64');
    bytes[at] = value;
    await writeFile(key.secret, `untrusted comment: k\n${bytes.toString('base64')}\n`);
  };
  await changed(7, 42);
  await refused(/has a passphrase/);
  await changed(60, 1);
  await refused(/is damaged/);
  await writeFile(key.secret, 'no key');
  await refused(/is no secret key of signify/);
});

test('a manifest lists what there is: in the keys of Packer, and with digests', async () => {
  await using at = await bench();
  await writeFile(at.disk.path, 'bytes');
  const drafts = [{ name: 'a.raw', mediaType: imageRows.raw.mediaType, from: at.disk.path }];
  const of = async (format: 'imaged' | 'packer'): Promise<Record<string, unknown>> => {
    const settings = { format, output: `${format}.json`, customData: { by: 'a test' } };
    const [kept, made] = await at.run({ type: 'manifest', settings }, ['a.raw'], drafts);
    assert.deepEqual([kept?.name, made?.name, made?.mediaType], ['a.raw', `${format}.json`, 'application/json']);
    return JSON.parse(await readFile(made?.from ?? '', 'utf8')) as Record<string, unknown>;
  };
  const packer = await of('packer');
  const [build] = packer['builds'] as readonly Record<string, unknown>[];
  assert.deepEqual(Object.keys(packer), ['builds', 'last_run_uuid']);
  assert.match(String(packer['last_run_uuid']), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.deepEqual(build, {
    name: 'least',
    builder_type: 'imaged',
    build_time: 1_700_000_001,
    files: [{ name: 'a.raw', size: 5 }],
    artifact_id: '01JABCDEFGHJKMNPQRSTVWXYZ0',
    packer_run_uuid: packer['last_run_uuid'],
    custom_data: { by: 'a test' },
  });
  const own = await of('imaged');
  assert.deepEqual(own['artifacts'], [
    {
      name: 'a.raw',
      media_type: imageRows.raw.mediaType,
      size: 5,
      sha256: '277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9',
    },
  ]);
  assert.deepEqual([own['build'], own['labels'], own['custom_data']], ['01JABCDEFGHJKMNPQRSTVWXYZ0', { of: 'a test' }, { by: 'a test' }]); // prettier-ignore
});
