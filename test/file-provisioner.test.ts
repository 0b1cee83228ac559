import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeActivity } from '../src/base/activity/activity.ts';
import { systemClock } from '../src/base/clock.ts';
import { systemIds } from '../src/base/ids.ts';
import { connectSsh } from '../src/guest/ssh/connect.ts';
import { file, type FileSettings } from '../src/provisioners/file.ts';
import type { RuntimeFacts } from '../src/template/spec.ts';
import { guestHouse, on } from './ssh-server.ts';

const unused = { http_url: '', http_ip: '', http_port: '', http_addr: '', http_host: '', host_ip: '', mac: '', vm_name: '', ssh_public_key: '' }; // prettier-ignore
const runtime: RuntimeFacts = { ...unused, guest_ip: '10.0.2.15' };

/** A guest with an empty folder, and a context with a file, a program and a folder below `site`. */
const site = async () => {
  const house = await guestHouse();
  const [there, context] = [join(house.folder, 'there'), join(house.folder, 'context')];
  for (const folder of [there, join(context, 'site/etc')]) await mkdir(folder, { recursive: true });
  await writeFile(join(context, 'site/etc/motd'), 'hello', { mode: 0o600 });
  await writeFile(join(context, 'site/run'), '#!/bin/sh', { mode: 0o700 });
  const guest = await connectSsh(house.spec, { clock: systemClock, onNote: () => undefined }, on());
  const tools = {
    ...{ guest, runtime, clock: systemClock, ids: systemIds, activity: makeActivity() },
    build: { id: 'id', templateName: 'name' },
    converse: () => Promise.resolve(),
    pause: () => Promise.resolve(),
    onHost: () => Promise.resolve(),
    ansiblePlaybook: '/usr/bin/ansible-playbook',
    downloadedFile: (name: string) => join(house.folder, `downloaded-${name}`),
    onLines: (lines: readonly string[]) => assert.fail(lines.join()),
  };
  return {
    there,
    context,
    ref: (path: string) => ({ path: join(context, path), shown: path }),
    run: (settings: FileSettings) => file.run(settings, tools, on()),
    upload: (from: Extract<FileSettings, { direction: 'upload' }>['from'], destination: string, mode?: string) =>
      file.run({ direction: 'upload', from, destination, ...(mode === undefined ? {} : { mode }) }, tools, on()),
    /** Every file of the guest's folder, with its mode. */
    found: async () => {
      const entries = await readdir(there, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      const lines = files.map(
        async (path) => `${path.slice(there.length)} ${((await stat(path)).mode & 0o777).toString(8)}`,
      );
      return (await Promise.all(lines)).sort();
    },
    async [Symbol.asyncDispose]() {
      await guest[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    },
  };
};

test('a folder comes below its own name, and with a slash at its end what is in it, runnable or not', async () => {
  await using at = await site();
  await at.upload({ listed: at.ref('site'), inside: false }, at.there);
  assert.deepEqual(await at.found(), ['/site/etc/motd 644', '/site/run 755']);
  await at.upload({ listed: at.ref('site'), inside: true }, `${at.there}/new/`);
  assert.deepEqual((await at.found()).slice(0, 2), ['/new/etc/motd 644', '/new/run 755']);
  await symlink('/etc/passwd', join(at.context, 'site/link'));
  await assert.rejects(at.upload({ listed: at.ref('site'), inside: true }, at.there), /site\/link is neither a file nor a folder/); // prettier-ignore
});

test('a destination with a slash takes the name of the file, one without is the name, and a folder has to be there', async () => {
  await using at = await site();
  const listed = { listed: at.ref('site/etc/motd'), inside: false };
  await at.upload(listed, `${at.there}/`);
  await at.upload(listed, `${at.there}/other`, '0600');
  await at.upload({ text: ['to ', { runtime: 'guest_ip', apply: [] }] }, `${at.there}/`);
  assert.deepEqual(await at.found(), ['/motd 644', '/other 600', '/pkr-file-content 644']);
  assert.equal(await readFile(join(at.there, 'pkr-file-content'), 'utf8'), 'to 10.0.2.15');
  await at.upload({ text: ['changed'] }, `${at.there}/other`);
  assert.equal((await stat(join(at.there, 'other'))).mode & 0o777, 0o600, 'a file that is replaced keeps its mode');
  await assert.rejects(at.upload(listed, `${at.there}/none/motd`), { code: 'provisioner_failed' });
  await assert.rejects(at.upload(listed, at.there), /end its name with a slash/);
});

test('a file of the guest is kept by its name, and comes into the guest again', async () => {
  await using at = await site();
  const source = join(at.there, 'made');
  await writeFile(source, 'made in the guest');
  await at.run({ direction: 'download', source, name: 'kept', mostMb: 1 });
  await at.upload({ downloaded: 'kept' }, `${at.there}/`);
  assert.equal(await readFile(join(at.there, 'kept'), 'utf8'), 'made in the guest');
  await writeFile(source, Buffer.alloc(2 ** 20 + 1));
  await assert.rejects(at.run({ direction: 'download', source, name: 'large', mostMb: 1 }), /larger than the 1 MB/);
  // Half of this would take hours to come: nothing is sent to learn that it is too large.
  await truncate(source, 2 ** 42);
  await assert.rejects(at.run({ direction: 'download', source, name: 'vast', mostMb: 2 ** 21 }), /is larger than/);
});
