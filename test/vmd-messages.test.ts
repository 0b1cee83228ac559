import assert from 'node:assert/strict';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { needsRoot, startVmd, type Release, type Vmd } from './fixtures/vmd.ts';
import { disksFor } from './fixtures/vmd-disks.ts';

const options = { skip: needsRoot };

const header = '   ID   PID VCPUS  MAXMEM  CURMEM     TTY        OWNER    STATE NAME\n';
const templates =
  '    1     -     1    1.0G       -       -      _imaged  stopped imaged\n' +
  '    2     -     1    1.0G       -       -      _imaged  stopped imaged-outgoing\n';

const startUsage =
  'usage:\tvmctl [-v] start [-cL] [-B device] [-b path] [-d disk] [-i count]\n' +
  '\t\t[-m size] [-n switch] [-p cpus] [-r path] [-t name] id | name\n';
const stopUsage = 'usage:\tvmctl [-v] stop [-fw] [id | -a]\n';
const longName = 'x'.repeat(64);

/** What vmctl is given, its exit code, what it says on stderr, and on stdout if it says something there. */
type Row = readonly [words: readonly string[], exitCode: number, stderr: string, stdout?: string];

const anyTty = (text: string): string => text.replaceAll(/\/dev\/tty[p-z][0-9a-v]/g, '/dev/ttyp0');

const prove = async (vmd: Vmd, rows: readonly Row[]) => {
  for (const [words, exitCode, stderr, stdout = ''] of rows) {
    const ran = await vmd.vmctlAsImaged(...words);
    // Which terminal is free depends on who else has one.
    const said = { ...ran, stdout: anyTty(ran.stdout), stderr: anyTty(ran.stderr) };
    assert.deepEqual(said, { stdout, stderr, exitCode }, `vmctl ${words.join(' ')}`);
  }
};

test('vmctl says of commands and operands what it says on OpenBSD', options, async () => {
  await using vmd = await startVmd({ guests: 'none' });
  const usage = 'usage:\tvmctl [-v] command [arg ...]\n';
  await prove(vmd, [
    [[], 1, usage],
    [['-x'], 1, `vmctl: unknown option -- x\n${usage}`],
    [['frob'], 1, `unknown argument: frob\n${usage}`],
    [['st'], 1, `ambiguous argument: st\n${usage}`],
    [['send', 'x'], 1, `unknown argument: send\n${usage}`],
    [['statu'], 0, '', header + templates],
    [['-v', 'show'], 0, '', header + templates],
    [['status', 'imaged'], 0, '', `${header}${templates.split('\n')[0] ?? ''}\n`],
    [['status', '2'], 0, '', `${header}${templates.split('\n')[1] ?? ''}\n`],
    [['status', 'nobody'], 0, '', header],
    [['status', '-r'], 1, '', header],
    [['status', 'a', 'b'], 1, 'usage:\tvmctl [-v] status [-r] [id]\n'],
    [['show', '-x'], 1, 'vmctl: unknown option -- x\nusage:\tvmctl [-v] show [id]\n'],
    [['status', '--', '-a'], 1, 'vmctl: invalid id: -a\n'],
    [['status', longName], 1, `vmctl: name too long\nvmctl: invalid id: ${longName}\n`],
    [['stop'], 1, stopUsage],
    [['stop', '-a', 'x'], 1, stopUsage],
    [['stop', '-x'], 1, `vmctl: unknown option -- x\n${stopUsage}`],
    [['stop', 'nobody'], 1, 'stopping vm nobody: vm not found\n'],
    [['stop', '99'], 1, 'stopping vm: vm not found\n'],
    [['stop', 'imaged'], 1, 'stopping vm imaged: failed: Invalid argument\n'],
    [['stop', '-a'], 0, ''],
    [['wait', 'nobody'], 1, 'waiting for vm nobody: vm not found\n'],
    [['wait', 'imaged'], 1, 'waiting for vm imaged: failed: Invalid argument\n'],
    [['wait'], 1, 'usage:\tvmctl [-v] wait id\n'],
    [['console', 'imaged'], 1, 'vmctl: console not found\n'],
    [['console'], 1, 'usage:\tvmctl [-v] console id\n'],
    [['console', '-x'], 1, 'vmctl: invalid id: -x\n'],
    [['pause', 'nobody'], 1, 'vmctl: pause vm command failed: No such file or directory\n'],
    [['unpause', 'nobody'], 1, 'vmctl: unpause vm command failed: No such file or directory\n'],
    [['log', 'loud'], 1, 'usage:\tvmctl [-v] log [brief | verbose]\n'],
    [['reset', 'taps'], 1, 'usage:\tvmctl [-v] reset [all | switches | vms]\n'],
    [['load'], 1, 'usage:\tvmctl [-v] load filename\n'],
    [['reload', 'now'], 1, 'usage:\tvmctl [-v] reload \n'],
  ]);
});

test('what only root may ask is refused to the daemon, and the log says who asked', options, async () => {
  await using vmd = await startVmd({ guests: 'none' });
  const denied = 'vmctl: command failed: Operation not permitted\n';
  await prove(vmd, [
    [['load', '/etc/vm.conf'], 1, denied],
    [['reload'], 1, denied],
    [['reset'], 1, denied],
    [['log', 'brief'], 1, denied],
  ]);
  assert.match(await vmd.log(), /denied request reload from uid 65534\n/);
  for (const words of [['reload'], ['log', 'verbose'], ['reset', 'switches']])
    assert.deepEqual(await vmd.vmctl(...words), { stdout: '', stderr: '', exitCode: 0 });
  assert.deepEqual(await vmd.vmctl('load', '/nowhere'), { stdout: '', stderr: 'vmctl: command failed\n', exitCode: 1 });
});

test('vmctl says of start what it says on OpenBSD, before vmd is asked and after', options, async () => {
  await using vmd = await startVmd({ guests: 'none' });
  const { disk, path } = await disksFor(vmd);
  await mkdir(join(vmd.folder, 'kernel'));
  const a = await disk('a');
  const t = ['start', '-t', 'imaged'];
  const gone = 'No such file or directory';
  // A start that failed has used up id 3.
  const rounded = 'vmctl: memory size rounded to 512M\n';
  const started = 'vmctl: started vm 4 successfully, tty /dev/ttyp0\n';
  const connected = 'Connected to /dev/ttyp0 (speed 115200)\r\n\r\n[EOT]\n';
  await prove(vmd, [
    [['start'], 1, startUsage],
    [['start', 'a', 'b'], 1, startUsage],
    [['start', '-m'], 1, `vmctl: option requires an argument -- m\n${startUsage}`],
    [['start', 'im-0', '-L'], 1, startUsage],
    [['start', '-B', 'usb', 'x'], 1, 'vmctl: unknown boot device usb\n'],
    [['start', '-B', 'net', '-B', 'net', 'x'], 1, 'vmctl: boot device specified multiple times\n'],
    [['start', '-b', a, '-b', a, 'x'], 1, 'vmctl: boot image specified multiple times\n'],
    [['start', '-b', '/nowhere', 'x'], 1, `vmctl: invalid boot image path: ${gone}\n`],
    [['start', '-r', '/nowhere', 'x'], 1, `vmctl: invalid iso image path: /nowhere: ${gone}\n`],
    [['start', '-d', 'raw:/nowhere', 'x'], 1, `vmctl: invalid disk path: /nowhere: ${gone}\n`],
    [['start', '-i', '0', 'x'], 1, 'vmctl: count is too small: 0\nvmctl: invalid interface count: 0\n'],
    [['start', '-i', 'two', 'x'], 1, 'vmctl: count is invalid: two\nvmctl: invalid interface count: two\n'],
    [['start', '-i', '1', '-i', '1', 'x'], 1, 'vmctl: interfaces specified multiple times\n'],
    [['start', '-p', '65', 'x'], 1, 'vmctl: invalid number of cpus: 65\n'],
    [['start', '-m', 'much', 'x'], 1, 'vmctl: invalid memory size: much: Invalid argument\n'],
    [['start', '-m', '99999E', 'x'], 1, 'vmctl: invalid memory size: 99999E: Result too large\n'],
    [['start', '-m', '1K', 'x'], 1, 'vmctl: memory size must be at least 1MB\n'],
    [['start', '-m', '129G', 'x'], 1, 'vmctl: memory size too large (limit is 128G)\n'],
    [['start', '-t', longName, 'x'], 1, `vmctl: instance vm name too long\nvmctl: invalid name: ${longName}\n`],
    [['start', '-m', '1G', 'x'], 1, 'vmctl: starting without disks\nvmctl: no kernel or disk/cdrom specified\n'],
    [['start', ...['a', 'a', 'a', 'a', 'a'].flatMap(() => ['-d', `raw:${a}`]), 'x'], 1, 'vmctl: too many disks\n'],
    [['start', '-L', '-i', '5', '-d', `raw:${a}`, 'x'], 1, 'vmctl: too many network interfaces\n'],
    [['start', '-n', 'x'.repeat(16), '-d', `raw:${a}`, 'x'], 1, 'vmctl: interface name too long\n'],
    [[...t, '_x'], 1, 'vmctl: invalid VM name\n'],
    [[...t, 'a/b'], 1, 'vmctl: invalid VM name\n'],
    [[...t, '-b', join(vmd.folder, 'kernel'), 'x'], 1, 'vmctl: kernel must be a regular file\n'],
    [['start', '-t', 'nobody', '-m', '1G', 'x'], 1, 'vmctl: invalid template\n'],
    [['start', 'stranger'], 1, 'vmctl: start vm command failed: Operation not permitted\n'],
    [[...t, 'imaged-outgoing'], 1, 'vmctl: start vm command failed: Too many processes\n'],
    [[...t, '1'], 1, 'vmctl: start vm command failed: Too many processes\n'],
    [[...t, 'x'], 1, 'vmctl: could not open disk image(s)\n'],
    [[...t, '-m', '512M', 'x'], 1, 'vmctl: start vm command failed: Invalid argument\n'],
    [[...t, '-r', path, 'x'], 1, 'vmctl: start vm command failed: Operation not permitted\n'],
    [[...t, '-p', '2', '-d', `raw:${a}`, 'x'], 1, 'vmctl: start vm command failed: Operation not permitted\n'],
    [[...t, '-m', '512.5M', '-L', '-d', `raw:${a}`, 'im-0'], 0, rounded + started],
    [['start', 'im-0'], 1, 'vmctl: start vm command failed: Operation already in progress\n'],
    [
      ['start', '-p', '2', '-L', '-d', `raw:${a}`, 'im-0'],
      1,
      'vmctl: start vm command failed: Operation already in progress\n',
    ],
    [['pause', 'im-0'], 0, 'vmctl: paused vm 4 successfully\n'],
    [['unpause', 'im-0'], 0, 'vmctl: unpaused vm 4 successfully\n'],
    [['stop', '-w', 'im-0'], 0, 'stopping vm im-0: terminated vm 4\n'],
    [['start', '-c', '-t', 'imaged', '-L', '-d', `raw:${a}`, 'im-0'], 0, '', connected],
    [['stop', '-f', '4'], 0, 'stopping vm: requested to shutdown vm 4\n'],
  ]);
});

test('who may not use the socket, and a vmd that is not there, are told apart', options, async () => {
  await using vmd = await startVmd({ guests: 'none', conf: 'socket owner root\n' });
  // vmctl connects before it says what it is about to do.
  const refused = (why: string): readonly Row[] =>
    [['status'], ['stop', 'x'], ['wait', 'x']].map((words) => [
      words,
      1,
      `vmctl: connect: /var/run/vmd.sock: ${why}\n`,
    ]);
  await prove(vmd, refused('Permission denied'));
  await vmd.stop('SIGTERM');
  assert.match((await vmd.vmctl('status')).stderr, /Connection refused\n$/);
  await rm(vmd.socket);
  await prove(vmd, refused('No such file or directory'));
});

const oldUsage: Readonly<Record<Release, boolean>> = { '7.2': true, '7.4': true, '7.7': false, current: false };

for (const release of ['7.2', '7.4', '7.7', 'current'] as const)
  test(`vmctl of ${release} knows the commands, limits and texts of its time`, options, async () => {
    await using vmd = await startVmd({ guests: 'none', release });
    const { disk } = await disksFor(vmd);
    const a = await disk('a');
    const { stderr } = await vmd.vmctl();
    assert.equal(stderr.split('\n')[0], 'usage:\tvmctl [-v] command [arg ...]');
    assert.equal(stderr.includes('\tvmctl send id\n\tvmctl show [id]\n'), oldUsage[release]);
    const isOld = release === '7.2' || release === '7.4';
    const isNewest = release === 'current';
    const none = ': No such file or directory\n';
    const cpus = (await vmd.vmctlAsImaged('start', '-p', '2')).stderr;
    assert.match(cpus, isNewest ? /^usage:.*\n.*\[-p cpus\]/ : /^vmctl: unknown option -- p\nusage:/);
    // As root, who needs no template: these are warned of only without one.
    const bare = await vmd.vmctl('start', '-b', a, 'bare');
    assert.equal(bare.stderr.includes('starting without disks\n'), isOld);
    assert.equal(bare.stderr.includes('starting without network interfaces\n'), isOld);
    await vmd.vmctl('stop', '-fw', 'bare');
    await prove(vmd, [
      [['start', '-d', 'raw:/nowhere', 'x'], 1, `vmctl: invalid disk path${isNewest ? ': /nowhere' : ''}${none}`],
      [['start', '-m', '129G', 'x'], 1, `vmctl: memory size too large (limit is ${isOld ? '32.0G' : '128G'})\n`],
    ]);
    const far = join(vmd.folder, 'x'.repeat(130));
    await symlink(a, far);
    await mkdir(`${far}-folder`);
    await writeFile(join(`${far}-folder`, 'kernel'), 'kernel');
    const kernel = await vmd.vmctlAsImaged(
      'start',
      '-t',
      'imaged',
      '-b',
      join(`${far}-folder`, 'kernel'),
      '-d',
      `raw:${a}`,
      'x',
    );
    if (release === '7.2') assert.equal(kernel.stderr, 'vmctl: kernel name too long\n');
    else assert.equal(kernel.exitCode, 0, kernel.stderr);
  });

test(
  'on 7.2 an ordinary user has four VMs, 2 GB and eight interfaces, and the log says which limit it was',
  options,
  async () => {
    await using vmd = await startVmd({ guests: 'none', release: '7.2', taps: 16 });
    const { disk } = await disksFor(vmd);
    const start = async (name: string, ...words: readonly string[]) =>
      (await vmd.vmctlAsImaged('start', '-t', 'imaged', ...words, '-d', `raw:${await disk(name)}`, name)).stderr;
    const denied = 'vmctl: start vm command failed: Operation not permitted\n';
    assert.match(await start('a', '-m', '1G', '-L'), /started/);
    assert.equal(await start('b', '-m', '1025M', '-L'), denied);
    assert.match(await vmd.log(), /user 65534 memory limit reached/);
    assert.match(await start('b', '-m', '256M', '-i', '4'), /started/);
    assert.equal(await start('c', '-m', '256M', '-i', '4'), denied);
    assert.match(await vmd.log(), /user 65534 interface limit reached/);
    assert.match(await start('c', '-m', '256M', '-L'), /started/);
    assert.match(await start('d', '-m', '256M', '-L'), /started/);
    assert.equal(await start('e', '-m', '16M', '-L'), denied);
    assert.match(await vmd.log(), /user 65534 cpu limit reached/);
  },
);
