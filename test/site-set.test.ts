import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { Fault } from '../src/base/fault.ts';
import { makeSiteSet } from '../src/openbsd/site-set.ts';

const run = promisify(execFile);
const home = await mkdtemp(join(tmpdir(), 'site-set-'));
after(() => rm(home, { recursive: true, force: true }));

const signal = new AbortController().signal;
const folder = join(home, 'site');
await mkdir(join(folder, 'etc'), { recursive: true });
await mkdir(join(folder, 'usr/local/bin'), { recursive: true });
await writeFile(join(folder, 'etc/motd'), 'hello\n', { mode: 0o600 });
await writeFile(join(folder, 'usr/local/bin/hello'), '#!/bin/sh\necho hello\n', { mode: 0o700 });
await writeFile(join(home, 'own'), '#!/bin/ksh\necho ours >>/etc/seen\n');
await writeFile(join(home, 'first'), 'echo first\n');

const names = async (archive: string) =>
  (await run('tar', ['-tvzf', archive, '--numeric-owner', '--full-time'])).stdout;

test('a site set holds its files for root, executable or not, and no folder whose mode would be changed', async () => {
  const to = join(home, 'a.tgz');
  const made = await makeSiteSet({ to, folder, script: join(home, 'own'), scriptName: 'install.site' }, signal);
  assert.equal(made.files, 3);
  assert.equal(made.bytes, (await readFile(to)).length);
  assert.deepEqual((await names(to)).trim().split('\n').map((line) => line.replace(/ +/g, ' ').replace(/ \d+ 1970-01-01 \d\d:\d\d:\d\d /, ' ')), [
    '-rw-r--r-- 0/0 ./etc/motd',
    '-rwxr-xr-x 0/0 ./install.site',
    '-rwxr-xr-x 0/0 ./usr/local/bin/hello',
  ]); // prettier-ignore
});

test('the same files give the same bytes, whenever and however they were put there', async () => {
  const digest = async (path: string) =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  const spec = { folder, firstTime: join(home, 'first'), scriptName: 'install.site' as const };
  await makeSiteSet({ ...spec, to: join(home, 'b.tgz') }, signal);
  await utimes(join(folder, 'etc/motd'), 1, 1);
  await chmod(join(folder, 'etc/motd'), 0o644);
  await makeSiteSet({ ...spec, to: join(home, 'c.tgz') }, signal);
  assert.equal(await digest(join(home, 'b.tgz')), await digest(join(home, 'c.tgz')));
});

test("commands for the first boot are appended by the installer's script, which then runs the template's own", async () => {
  const to = join(home, 'd.tgz');
  await makeSiteSet({ to, firstTime: join(home, 'first'), script: join(home, 'own'), scriptName: 'install.site' }, signal); // prettier-ignore
  const root = join(home, 'root');
  await mkdir(join(root, 'etc'), { recursive: true });
  await run('tar', ['-xzf', to, '-C', root, '--no-same-owner']);
  await writeFile(join(root, 'etc/rc.firsttime'), '/usr/sbin/fw_update\n');
  // The installer runs it with the new system as its root; here its paths are led there.
  const script = (await readFile(join(root, 'install.site'), 'utf8')).replaceAll(/ \/(?=etc|install)/g, ` ${root}/`).replaceAll(/>>\/etc/g, `>>${root}/etc`).replaceAll(/^\/install/gm, `${root}/install`); // prettier-ignore
  const own = join(root, 'install.site.own');
  await writeFile(own, (await readFile(own, 'utf8')).replaceAll('/etc/seen', `${root}/etc/seen`).replace('/bin/ksh', '/bin/sh')); // prettier-ignore
  await writeFile(join(root, 'led'), script);
  await run('sh', [join(root, 'led')]);
  assert.equal(await readFile(join(root, 'etc/rc.firsttime'), 'utf8'), '/usr/sbin/fw_update\necho first\n');
  assert.equal(await readFile(join(root, 'etc/seen'), 'utf8'), 'ours\n');
  await assert.rejects(readFile(join(root, 'etc/rc.firsttime.site')), { code: 'ENOENT' });
});

test('what is no file, or is there twice, is told by its name', async () => {
  const odd = join(home, 'odd');
  await mkdir(odd);
  await symlink('/etc/passwd', join(odd, 'link'));
  const linked = makeSiteSet({ to: join(home, 'e.tgz'), folder: odd, scriptName: 'install.site' }, signal);
  await assert.rejects(linked, (error) => error instanceof Fault && /"link"/.test(error.message));
  const twin = join(home, 'twin');
  await mkdir(twin);
  await writeFile(join(twin, 'install.site'), 'x');
  const twice = makeSiteSet({ to: join(home, 'f.tgz'), folder: twin, script: join(home, 'own'), scriptName: 'install.site' }, signal); // prettier-ignore
  await assert.rejects(twice, (error) => error instanceof Fault && /"install\.site" twice/.test(error.message));
});
