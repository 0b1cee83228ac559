import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { Fault, type FaultCode } from '../src/base/fault.ts';
import { runProgram } from '../src/base/program.ts';
import { connectSsh } from '../src/guest/ssh/connect.ts';
import type { UploadFile } from '../src/guest/types.ts';
import { guestHouse, on } from './ssh-server.ts';

const failsAs = (code: FaultCode, words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Fault, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, words);
  return true;
};

/** A guest, a folder in it, and a folder of the host. */
const site = async () => {
  const house = await guestHouse();
  const [there, here] = [join(house.folder, "the guest's"), join(house.folder, 'here')];
  for (const folder of [there, here]) await mkdir(folder);
  const guest = await connectSsh(house.spec, { clock: systemClock, onNote: () => undefined }, on());
  return {
    house,
    guest,
    there,
    here,
    upload: (place: string, file: Partial<UploadFile> = {}, signal = on()) =>
      guest.upload({ name: 'motd', input: 'new', mode: '0644', existing: 'replace', ...file }, place, signal),
    download: (place: string, mostBytes = 1e6, signal = on()) =>
      guest.download(place, { file: join(here, 'file'), mostBytes }, signal),
    async [Symbol.asyncDispose]() {
      await guest[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    },
  };
};

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

test('a file comes into the guest and back with every byte, and with the mode that was asked for', async () => {
  await using at = await site();
  const bytes = Buffer.concat([randomBytes(3_000_001), Buffer.from('\n\r\n\0\n')]);
  const source = join(at.here, 'source');
  await writeFile(source, bytes);
  const place = join(at.there, 'a "file" $HOME');
  await at.upload(place, { input: { file: source }, mode: '0750' });
  assert.ok((await readFile(place)).equals(bytes));
  assert.equal(await modeOf(place), '750');
  assert.deepEqual(await at.download(place, bytes.length), { bytes: bytes.length });
  assert.ok((await readFile(join(at.here, 'file'))).equals(bytes));
  assert.equal(await modeOf(join(at.here, 'file')), '600');
  await at.upload(place, { input: '' });
  assert.deepEqual(await at.download(place), { bytes: 0 });
  assert.deepEqual(await readdir(at.there), ['a "file" $HOME'], 'nothing lies beside it');
});

test('a file that is there is refused, replaced, or replaced under its own mode', async () => {
  await using at = await site();
  const place = join(at.there, 'secret');
  await writeFile(place, 'old', { mode: 0o600 });
  await assert.rejects(at.upload(place, { existing: 'refuse' }), failsAs('provisioner_failed', /motd could not be written to .*secret in the guest: .*(exist|overwrite)/)); // prettier-ignore
  assert.equal(await readFile(place, 'utf8'), 'old');
  await at.upload(place, { existing: 'keep-mode' });
  assert.deepEqual([await readFile(place, 'utf8'), await modeOf(place)], ['new', '600']);
  await at.upload(place);
  assert.equal(await modeOf(place), '644');
  await at.upload(join(at.there, 'fresh'), { existing: 'keep-mode', mode: '0755' });
  assert.equal(await modeOf(join(at.there, 'fresh')), '755');
});

test('what is no plain file is written in place: through a link, and into a device', async () => {
  await using at = await site();
  const [file, link] = [join(at.there, 'file'), join(at.there, 'link')];
  await writeFile(file, 'old and long');
  await symlink('file', link);
  await at.upload(link);
  assert.equal(await readFile(file, 'utf8'), 'new');
  await at.upload('/dev/null', { mode: '0666' });
  assert.ok((await stat('/dev/null')).isCharacterDevice());
  assert.deepEqual((await readdir(at.there)).sort(), ['file', 'link']);
});

test('a place that cannot be written, and a file that cannot be read, are told in the words of the guest', async () => {
  await using at = await site();
  await assert.rejects(at.upload(at.there), failsAs('provisioner_failed', /it is a folder: end its name with a slash/));
  await assert.rejects(at.upload('/nowhere/x'), failsAs('provisioner_failed', /in the guest: .*(nonexistent|No such)/));
  await assert.rejects(at.download('/nowhere/x'), failsAs('provisioner_failed', /\/nowhere\/x could not be read in the guest: .*No such file/)); // prettier-ignore
  await assert.rejects(at.download(at.there), failsAs('provisioner_failed', /directory/));
  assert.deepEqual(await readdir(at.here), []);
});

test('a file that is larger than it may be is not downloaded, and nothing of it is kept', async () => {
  await using at = await site();
  const place = join(at.there, 'large');
  await writeFile(place, Buffer.alloc(1_000_001));
  await assert.rejects(at.download(place, 1_000_000), failsAs('provisioner_failed', /larger than .* max_size/));
  assert.deepEqual(await readdir(at.here), []);
  assert.deepEqual(await at.download(place, 1_000_001), { bytes: 1_000_001 });
});

test('an upload whose connection breaks leaves the old file whole, and nothing beside it', async () => {
  await using at = await site();
  const [place, source] = [join(at.there, 'file'), join(at.here, 'source')];
  await writeFile(place, 'old');
  {
    await using file = await open(source, 'w');
    await file.truncate(2 ** 31);
  }
  const asides = async () => (await readdir(at.there)).filter((name) => name !== 'file');
  const uploading = assert.rejects(at.upload(place, { input: { file: source } }), failsAs('ssh_broken', /./));
  while ((await asides()).length === 0) await systemClock.sleep(5, on());
  at.house.cut();
  await uploading;
  while ((await asides()).length > 0) await systemClock.sleep(5, on());
  assert.equal(await readFile(place, 'utf8'), 'old');
});

test('an abort ends a download with its own reason', async () => {
  await using at = await site();
  const reason = new Fault('cancelled', 'enough');
  const abort = new AbortController();
  const downloading = assert.rejects(at.download('/dev/zero', 2 ** 40, abort.signal), reason);
  while ((await readdir(at.here)).length === 0) await systemClock.sleep(5, on());
  abort.abort(reason);
  await downloading;
  assert.deepEqual(await readdir(at.here), []);
});

test(
  'a login that may not write to the folder of a file writes the file in place',
  { skip: process.getuid?.() === 0 },
  async () => {
    await using at = await site();
    const place = join(at.there, 'file');
    await writeFile(place, 'old');
    await chmod(at.there, 0o555);
    await at.upload(place);
    await chmod(at.there, 0o755);
    assert.equal(await readFile(place, 'utf8'), 'new');
  },
);

test('the bytes of a program come as they are, and a taker that fails ends it', async () => {
  const seen: Uint8Array[] = [];
  const lines: string[] = [];
  const script = `printf 'a\\000b\\r\\n\\377'; echo said >&2`;
  await runProgram('sh', ['-c', script], {
    signal: on(),
    onBytes: (bytes) => void seen.push(Buffer.from(bytes)),
    onLines: (all, stream) => void lines.push(...all.map((line) => `${stream} ${line}`)),
  });
  assert.deepEqual(Buffer.concat(seen), Buffer.from([97, 0, 98, 13, 10, 255]));
  assert.deepEqual(lines, ['stderr said']);
  const reason = new Error('no more');
  const taking = runProgram('cat', ['/dev/zero'], { signal: on(), onBytes: () => Promise.reject(reason) });
  await assert.rejects(taking, reason);
});
