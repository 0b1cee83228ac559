import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { growScript } from '../src/guest/grow.ts';

/** A guest's files, and programs in front of this host's: each records how it was called, and ends as its script does. */
const guest = async (programs: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'cloudify-'));
  const [bin, root] = [join(folder, 'bin'), join(folder, 'root')];
  for (const path of [bin, root]) await mkdir(path);
  for (const [name, ends] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\necho "\${0##*/} $*" >>'${folder}/called'\n${ends}\n`);
    await chmod(join(bin, name), 0o755);
  }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  const env = { PATH: `${bin}:${process.env['PATH']}` };
  const sh = (input: string) => spawnSync('sh', [], { input, env, encoding: 'utf8' });
  return {
    root,
    sh,
    grow: () => sh(growScript(root)),
    called: () => readFile(join(folder, 'called'), 'utf8'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
};

const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

test(
  'a guest that has nothing to grow by is left as it is, and the log says so',
  { skip: has('growpart') },
  async () => {
    await using one = await guest({}, { 'etc/motd': 'hello' });
    const { status, stdout } = one.grow();
    assert.deepEqual([status, stdout], [0, 'neither cloud-init nor growpart is there: nothing grows by itself\n']);
    assert.equal(existsSync(join(one.root, 'usr')), false);
  },
);

test('cloud-init grows it by itself where growpart is there, and where it is not the log says what to install', async () => {
  await using whole = await guest({ 'cloud-init': '', growpart: '' });
  assert.match(whole.grow().stdout, /^cloud-init grows the partition of \/ .* at the first boot\n$/);
  if (has('growpart')) return;
  await using half = await guest({ 'cloud-init': '' });
  assert.match(half.grow().stdout, /growpart is not.*\ninstall cloud-guest-utils \(Debian\)/);
});

test('growpart without cloud-init is run by a unit of systemd, whose script is one for sh', async () => {
  await using one = await guest({ growpart: '', systemctl: '' }, { 'run/systemd/system/x': '' });
  assert.match(one.grow().stdout, /^growpart grows \/ at each boot, by the unit imaged-grow\n$/);
  assert.match(await one.called(), /^systemctl enable imaged-grow.service$/m);
  const script = await readFile(join(one.root, 'usr/local/sbin/imaged-grow'), 'utf8');
  assert.equal(spawnSync('sh', ['-n'], { input: script }).status, 0);
  const unit = await readFile(join(one.root, 'etc/systemd/system/imaged-grow.service'), 'utf8');
  assert.match(unit, /^ExecStart=\/usr\/local\/sbin\/imaged-grow$/m);
});

test('growpart without cloud-init is run by OpenRC, and where neither is there the log says so', async () => {
  await using one = await guest({ growpart: '', 'rc-update': '' }, { 'etc/local.d/x': '' });
  assert.match(one.grow().stdout, /^growpart grows \/ at each boot, by local\.d\n$/m);
  assert.match(await one.called(), /^rc-update add local default$/m);
  await using none = await guest({ growpart: '' });
  assert.match(none.grow().stdout, /neither systemd nor OpenRC/);
});

// disklabel(8) of OpenBSD prints it, of a disk that the installer has laid out.
const label = `# /dev/rsd0c:
type: SCSI
16 partitions:
#                size           offset  fstype [fsize bsize   cpg]
  a:          1048576               64  4.2BSD   2048 16384  8192 # /
  b:           524288          1048640    swap                    # none
  c:         20971520                0  unused
  d:          4194304          1572928  4.2BSD   2048 16384 12960 # /usr
  k:          8388608          5767232  4.2BSD   2048 16384 12960 # /home
`;

const openbsd = (busy: string) => ({
  uname: 'echo OpenBSD',
  mount: `[ $# -gt 0 ] || cat <<'END'
/dev/sd0a on / type ffs (local)
/dev/sd0k on /home type ffs (local, nodev, nosuid)
/dev/sd0d on /usr type ffs (local, nodev)
END`,
  disklabel: `if [ "$1" = -E ]; then cat >&2; else cat <<'END'\n${label}END\nfi`,
  umount: busy,
  ...{ growfs: '', fsck: '' },
});

test('OpenBSD grows the file system that lies last on the disk at its first boot, and is told to once', async () => {
  await using one = await guest(openbsd(''), { 'etc/rc.firsttime': 'echo mine\n' });
  assert.match(one.grow().stdout, /by rc\.firsttime\n$/);
  assert.match(one.grow().stdout, /by rc\.firsttime\n$/);
  const script = await readFile(join(one.root, 'etc/rc.firsttime'), 'utf8');
  assert.match(script, /^echo mine\n/);
  assert.equal(script.split('Written by imaged').length, 2);
  const { status, stderr } = one.sh(script);
  assert.equal(status, 0);
  assert.equal(stderr, 'b\n\n*\nc k\n*\nw\nq\n', 'what disklabel(8) is told');
  const calls = (await one.called()).split('\n').filter((line) => /^(umount|growfs|fsck|mount .)/.test(line));
  assert.deepEqual(calls, ['umount /home', 'growfs -qy /dev/rsd0k', 'fsck -y /dev/rsd0k', 'mount /home']);
});

test('what is in use at the first boot of OpenBSD does not grow, and nothing is written to its disk', async () => {
  await using one = await guest(openbsd('exit 1'), { 'etc/motd': '' });
  one.grow();
  const { stdout } = one.sh(await readFile(join(one.root, 'etc/rc.firsttime'), 'utf8'));
  assert.match(stdout, /no file system of sd0 can grow/);
  assert.doesNotMatch(await one.called(), /growfs|disklabel -E/);
});
