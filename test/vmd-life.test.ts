import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, readFile, readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { processesIn } from './fixtures/processes.ts';
import { awaitByte, say } from './fixtures/tiny-guest.ts';
import { converse, eventually, rowOf } from './fixtures/vmd-console.ts';
import { disksFor } from './fixtures/vmd-disks.ts';
import { needsRoot, startVmd, usualConf, type Vmd } from './fixtures/vmd.ts';

const options = { skip: needsRoot };

/** Whether a process is there and is no zombie. */
const lives = async (pid: string): Promise<boolean> =>
  !/^State:\tZ/m.test(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tZ'));

const startMachine = async (vmd: Vmd, name: string, disk: string, ...words: readonly string[]) => {
  const { stderr, exitCode } = await vmd.vmctlAsImaged(
    'start',
    '-t',
    'imaged',
    '-m',
    '64M',
    '-d',
    `raw:${disk}`,
    ...words,
    name,
  );
  assert.equal(exitCode, 0, stderr);
};

for (const signal of ['SIGTERM', 'SIGKILL'] as const)
  test(`every VM ends when vmd ends by ${signal}, and ids begin at 1 again`, options, async () => {
    await using vmd = await startVmd();
    const { disk } = await disksFor(vmd);
    await startMachine(vmd, 'a', await disk('a', [say('up')]), '-L');
    const words = [
      'start',
      '-c',
      '-t',
      'imaged',
      '-m',
      '64M',
      '-L',
      '-d',
      `raw:${await disk('b', [awaitByte, say('up')])}`,
      'b',
    ];
    await using console = converse(vmd, ['vmctl', ...words]);
    await console.hear(/Connected.*\r\n/);
    console.type('x');
    await console.hear(/up/);
    const rows = [await rowOf(vmd, 'a'), await rowOf(vmd, 'b')];
    assert.deepEqual(
      rows.map((row) => row?.id),
      ['3', '4'],
    );
    await vmd.stop(signal);
    assert.equal(await console.ended, 0);
    assert.match(console.text(), /\[EOT\]\n$/);
    for (const row of rows)
      await eventually(
        () => lives(row?.pid ?? ''),
        (alive) => !alive,
      );
    // A tap goes with the last thread that has it open, which may be a moment after its process is no more than a name.
    await eventually(
      () => vmd.run([join(vmd.bin, 'ifconfig'), 'tap']),
      ({ exitCode }) => exitCode === 1,
    );
    assert.match((await vmd.vmctl('status')).stderr, /Connection refused/);
    await vmd.start();
    await startMachine(vmd, 'b', join(vmd.folder, 'disks/b'), '-L');
    assert.equal((await rowOf(vmd, 'b'))?.id, '3');
  });

test('vmctl is told when vmd dies before it has answered', options, async () => {
  await using vmd = await startVmd({ guests: 'none' });
  const { disk } = await disksFor(vmd);
  await startMachine(vmd, 'a', await disk('a'));
  const waiting = vmd.vmctlAsImaged('wait', 'a');
  await eventually(vmd.log, (log) => log.includes('asked wait a'));
  await vmd.stop('SIGKILL');
  assert.deepEqual(await waiting, { stdout: '', stderr: 'waiting for vm a: vmctl: pipe closed\n', exitCode: 1 });
});

test('a reload, by vmctl or by signal, keeps what runs and forgets the rest', options, async () => {
  await using vmd = await startVmd({ guests: 'none' });
  const { disk } = await disksFor(vmd);
  await startMachine(vmd, 'a', await disk('a'));
  const another = 'vm "another" {\n\tdisable\n\tdisk "/dev/null"\n}\n';
  await vmd.writeConf(usualConf + another);
  assert.equal((await vmd.vmctl('reload')).exitCode, 0);
  assert.equal((await rowOf(vmd, 'another'))?.state, 'stopped');
  assert.equal((await rowOf(vmd, 'a'))?.state, 'running');
  await vmd.writeConf(usualConf);
  await vmd.signal('SIGHUP');
  await eventually(
    () => rowOf(vmd, 'another'),
    (row) => row === undefined,
  );
  assert.equal((await rowOf(vmd, 'imaged'))?.id, '1');
  await vmd.writeConf('vm "bad" { }');
  assert.deepEqual(await vmd.vmctl('reload'), { stdout: '', stderr: 'vmctl: command failed\n', exitCode: 1 });
});

test('reset ends every VM and forgets every id; a load only adds', options, async () => {
  await using vmd = await startVmd({ guests: 'none' });
  const { disk } = await disksFor(vmd);
  await startMachine(vmd, 'a', await disk('a'));
  await vmd.vmctl('reset', 'vms');
  assert.equal((await vmd.vmctl('status')).stdout.split('\n').length, 2);
  assert.equal((await vmd.vmctl('load', join(vmd.folder, 'vm.conf'))).exitCode, 0);
  await startMachine(vmd, 'a', join(vmd.folder, 'disks/a'));
  assert.equal((await rowOf(vmd, 'a'))?.id, '3');
});

test('a VM of vm.conf that is not disabled starts with vmd', options, async () => {
  await using vmd = await startVmd({ guests: 'none' });
  const { disk } = await disksFor(vmd);
  await vmd.stop('SIGTERM');
  await vmd.writeConf(`vm "always" {\n\tdisk "${await disk('a')}"\n\tlocal interface\n}\n`);
  await vmd.start();
  const row = await rowOf(vmd, 'always');
  assert.deepEqual([row?.id, row?.owner, row?.state], ['1', 'root', 'running']);
});

test('a start fails when memory is short', options, async () => {
  await using vmd = await startVmd({ guests: 'none', memory: 2 ** 30 });
  const { disk } = await disksFor(vmd);
  const start = async (name: string, size: string) =>
    (await vmd.vmctlAsImaged('start', '-t', 'imaged', '-m', size, '-L', '-d', `raw:${await disk(name)}`, name)).stderr;
  assert.match(await start('a', '600M'), /started/);
  assert.equal(await start('b', '600M'), 'vmctl: start vm command failed: Cannot allocate memory\n');
  assert.equal(await start('c', '17G'), 'vmctl: start vm command failed: Cannot allocate memory\n');
  assert.match(await vmd.log(), /could not allocate guest memory \(data limit is 16\.0G\)/);
});

test('a start fails without the firmware, unless there is a kernel', options, async () => {
  await using vmd = await startVmd({ guests: 'none', hasBios: false });
  const { disk, file } = await disksFor(vmd);
  const words = ['start', '-t', 'imaged', '-L', '-d', `raw:${await disk('a')}`];
  assert.equal((await vmd.vmctlAsImaged(...words, 'a')).stderr, 'vmctl: vmm bios firmware file not found.\n');
  assert.match((await vmd.vmctlAsImaged(...words, '-b', await file('kernel', 'x'), 'a')).stderr, /started/);
});

test('nothing is left when the fixture has gone: no process, no namespace, no terminal, no file', options, async () => {
  const vmd = await startVmd();
  const { disk } = await disksFor(vmd);
  await startMachine(vmd, 'a', await disk('a', [say('up')]), '-L');
  const row = await rowOf(vmd, 'a');
  const left = converse(vmd, ['sleep', '600']);
  const namespace = await readlink(`/proc/${row?.pid}/ns/net`);
  const { ctimeMs: madeAt } = await lstat(`/dev/${row?.tty}`);
  await vmd[Symbol.asyncDispose]();
  await left.ended;
  await assert.rejects(stat(vmd.folder), { code: 'ENOENT' });
  // Another vmd of this host may have the name by now.
  const tty = await lstat(`/dev/${row?.tty}`).catch(() => undefined);
  assert.notEqual(tty?.ctimeMs, madeAt);
  const inIt = await Promise.all(
    (await readdir('/proc'))
      .filter((pid) => /^\d+$/.test(pid))
      .map((pid) => readlink(`/proc/${pid}/ns/net`).catch(() => '')),
  );
  assert.ok(!inIt.includes(namespace));
});

test('a test that is killed leaves nothing either', options, async () => {
  const orphan = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/vmd-orphan.js')]);
  using _end = { [Symbol.dispose]: () => void orphan.kill('SIGKILL') };
  const folder = String((await once(orphan.stdout, 'data'))[0]).trim();
  await eventually(
    () => processesIn(folder),
    (found) => found.length > 2,
  );
  orphan.kill('SIGKILL');
  await eventually(
    () => processesIn(folder),
    (left) => left.length === 0,
  );
  await assert.rejects(stat(folder), { code: 'ENOENT' });
});

test('64 machines run at once where there is nothing behind them', options, async (t) => {
  await using vmd = await startVmd({ guests: 'none', taps: 'none' });
  const { disk } = await disksFor(vmd);
  const names = Array.from({ length: 64 }, (_, index) => `im-${index}`);
  for (const name of names) await disk(name);
  const began = performance.now();
  await Promise.all(names.map((name) => startMachine(vmd, name, join(vmd.folder, 'disks', name), '-L')));
  const started = performance.now();
  const { stdout } = await vmd.vmctl('status', '-r');
  assert.equal(stdout.split('\n').filter((line) => line.includes('running')).length, 64);
  const ttys = new Set(stdout.split('\n').map((line) => line.trim().split(/\s+/)[5]));
  assert.ok(ttys.size > 64);
  const asked = performance.now();
  await Promise.all(names.map((name) => vmd.vmctlAsImaged('stop', '-w', name)));
  const stopped = performance.now();
  assert.equal((await vmd.vmctl('status', '-r')).exitCode, 1);
  t.diagnostic(`64 started in ${Math.round(started - began)} ms, stopped in ${Math.round(stopped - asked)} ms`);
});
