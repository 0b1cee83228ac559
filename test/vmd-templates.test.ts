import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { disksFor } from './fixtures/vmd-disks.ts';
import { needsRoot, startVmd, usualConf, type Release } from './fixtures/vmd.ts';

const options = { skip: needsRoot };

const vm = (name: string, lines: string): string => `vm "${name}" {\n\tdisable\n${lines}\n}\n`;
const allow = (what: string): string => `allow instance { ${what} }`;

/** Templates, each of which allows or forbids one thing; the parent's disk is `parent`, its kernel and ISO `file`. */
const confOf = (parent: string, file: string): string =>
  [
    'socket owner :_imaged\n',
    vm('all', `disk "${parent}"\nowner _imaged\n${allow('boot, cdrom, disk, interface, memory, owner _imaged')}`),
    vm('disks-only', `disk "${parent}"\ninterface\n${allow('disk, owner _imaged')}`),
    vm('nothing', `disk "${parent}"\n${allow('owner _imaged')}`),
    vm('no-inner-owner', `owner _imaged\ndisk "${parent}"\n${allow('disk, memory')}`),
    vm('of-group', `disk "${parent}"\nowner :_imaged\n${allow('disk\nowner _imaged')}`),
    vm('group-inside', `disk "${parent}"\n${allow('disk owner :_imaged')}`),
    vm('with-boot', `boot "${file}"\n${allow('disk, owner _imaged')}`),
    vm('with-boot-allowed', `boot "${file}"\n${allow('boot, disk, owner _imaged')}`),
    vm('with-iso', `cdrom "${file}"\n${allow('disk, owner _imaged')}`),
    vm('fixed-tap', `disk "${parent}"\nlocal interface tap2\n${allow('disk, owner _imaged')}`),
    vm('grouped', `disk "${parent}"\nlocal interface { group imagedout }\n${allow('disk, owner _imaged')}`),
    vm('mine', `owner _imaged\ndisk "${file}"`),
    vm('roots', `disk "${file}"`),
  ].join('');

const shop = async (release: Release = 'current') => {
  const vmd = await startVmd({ guests: 'none', release, taps: 16, conf: 'socket owner :_imaged\n' });
  const { disk, file } = await disksFor(vmd);
  const parent = await disk('parent');
  const regular = await file('file', 'an image\n');
  await vmd.writeConf(confOf(parent, regular));
  assert.equal((await vmd.vmctl('reload')).exitCode, 0, await vmd.log());
  const log = async () => (await vmd.log()).split('\n').map((line) => line.replace(/^.*vmd\[\d+\]: /, ''));
  return { vmd, disk, file, parent, regular, log, [Symbol.asyncDispose]: vmd[Symbol.asyncDispose] };
};

const failed = (why: string): string => `vmctl: start vm command failed: ${why}\n`;
const denied = failed('Operation not permitted');
const busy = failed('Device busy');
const started = /^vmctl: started vm \d+ successfully, tty \/dev\/tty/;

test('each thing that a template does not allow is refused, and the log says which it was', options, async () => {
  await using s = await shop();
  const a = await s.disk('a');
  const rows: readonly (readonly [template: string, words: readonly string[], said: string | RegExp, log?: string])[] =
    [
      ['disks-only', ['-m', '64M', '-d', `raw:${a}`], denied, 'vm "x" no permission to set memory'],
      ['disks-only', ['-d', `raw:${a}`, '-i', '2'], denied, 'vm "x" no permission to set interfaces'],
      ['disks-only', ['-d', `raw:${a}`, '-b', s.regular], denied, 'vm "x" no permission to set boot image'],
      ['disks-only', ['-d', `raw:${a}`, '-r', s.regular], denied, 'vm "x" no permission to set cdrom'],
      ['nothing', ['-d', `raw:${a}`], denied, 'vm "x" no permission to set disks'],
      [
        'no-inner-owner',
        ['-d', `raw:${a}`],
        failed('File name too long'),
        'vm "x" no permission to create vm instance',
      ],
      ['of-group', ['-d', `raw:${a}`], denied, 'vm "x" group mismatch'],
      ['with-boot', ['-d', `raw:${a}`], denied, 'vm "x" no permission to set boot image'],
      ['fixed-tap', ['-d', `raw:${a}`], busy, 'vm "tap2" x cannot be reused'],
      ['all', ['-d', `raw:${s.parent}`], busy, `vm "x" disk ${s.parent} cannot be reused`],
      // The same as the parent's needs no permission.
      ['disks-only', ['-m', '512M', '-i', '1', '-d', `raw:${a}`], started],
      ['group-inside', ['-d', `raw:${a}`], started],
      ['with-boot-allowed', ['-d', `raw:${a}`], started],
      ['with-iso', ['-d', `raw:${a}`], started],
      ['all', ['-m', '64M', '-d', `raw:${a}`, '-r', s.regular, '-b', s.regular, '-L', '-L'], started],
    ];
  for (const [template, words, said, line] of rows) {
    const before = (await s.log()).length;
    const { stderr } = await s.vmd.vmctlAsImaged('start', '-t', template, ...words, 'x');
    const what = `-t ${template} ${words.join(' ')}`;
    if (typeof said === 'string') assert.equal(stderr, said, what);
    else assert.match(stderr, said, what);
    if (line !== undefined) assert.ok((await s.log()).slice(before - 1).includes(line), `${what}: ${line}`);
    await s.vmd.vmctl('stop', '-fw', 'x');
  }
});

test('on 7.2 a child boots the kernel of its parent', options, async () => {
  await using s = await shop('7.2');
  const a = await s.disk('a');
  const { stderr } = await s.vmd.vmctlAsImaged('start', '-t', 'with-boot', '-d', `raw:${a}`, 'x');
  assert.match(stderr, started);
});

test(
  'a child takes over the interfaces it does not name, with their group, and none that it names',
  options,
  async () => {
    await using s = await shop();
    const groups = async (...words: readonly string[]) => {
      const a = await s.disk('a');
      assert.match(
        (await s.vmd.vmctlAsImaged('start', '-t', 'grouped', ...words, '-d', `raw:${a}`, 'x')).stderr,
        started,
      );
      const { stdout } = await s.vmd.run([join(s.vmd.bin, 'ifconfig'), 'tap']);
      const outgoing = await s.vmd.run([join(s.vmd.bin, 'ifconfig'), 'imagedout']);
      await s.vmd.vmctlAsImaged('stop', '-fw', 'x');
      return [/groups: (.*)/.exec(stdout)?.[1], outgoing.exitCode];
    };
    assert.deepEqual(await groups(), ['tap imagedout', 0]);
    assert.deepEqual(await groups('-L'), ['tap', 1]);
  },
);

test('a user starts what he owns and instances that he may make, and nothing else', options, async () => {
  await using s = await shop();
  const a = await s.disk('a');
  assert.equal((await s.vmd.vmctlAsImaged('start', '-d', `raw:${a}`, '-L', 'adhoc')).stderr, denied);
  assert.ok((await s.log()).includes('permission denied'));
  assert.equal((await s.vmd.vmctlAsImaged('start', 'roots')).stderr, denied);
  assert.match((await s.vmd.vmctlAsImaged('start', 'mine')).stderr, started);
  assert.match((await s.vmd.vmctl('start', '-L', '-d', `raw:${a}`, 'adhoc')).stderr, started);
  for (const words of [
    ['stop', 'adhoc'],
    ['stop', '-f', 'adhoc'],
    ['wait', 'adhoc'],
  ])
    assert.match((await s.vmd.vmctlAsImaged(...words)).stderr, /adhoc: failed: Operation not permitted\n$/);
  const { stderr } = await s.vmd.vmctlAsImaged('pause', 'adhoc');
  assert.equal(stderr, 'vmctl: pause vm command failed: Operation not permitted\n');
  const { stdout } = await s.vmd.vmctlAsImaged('status', 'adhoc');
  assert.match(stdout, / root {2}running adhoc\n$/);
});

test('a VM of vm.conf keeps its row and takes no other override than, from 7.3 on, a kernel', options, async () => {
  for (const release of ['7.2', 'current'] as const) {
    await using s = await shop(release);
    const already = failed('Operation already in progress');
    assert.equal(
      (await s.vmd.vmctlAsImaged('start', '-m', '1G', '-d', `raw:${s.parent}`, 'mine')).stderr.split('\n').at(-2),
      already.trim(),
    );
    const { stderr } = await s.vmd.vmctlAsImaged('start', '-b', s.regular, 'mine');
    if (release === '7.2') assert.ok(stderr.endsWith(already));
    else assert.match(stderr, /started vm/);
    await s.vmd.vmctl('stop', '-fw', 'mine');
    assert.match((await s.vmd.vmctlAsImaged('status', 'mine')).stdout, / - +1 +512M +- +- +_imaged +stopped mine\n$/);
  }
});

test('files are judged by their own bits, as the user who starts the VM', options, async () => {
  for (const [release, disk] of [
    ['7.2', denied],
    ['current', failed('Unknown error: -1')],
  ] as const) {
    await using s = await shop(release);
    const a = await s.disk('a');
    const start = async (...words: readonly string[]) =>
      (await s.vmd.vmctlAsImaged('start', '-t', 'all', '-L', ...words, 'x')).stderr;
    const secret = await s.file('secret', 'secret', 0o600);
    assert.equal(await start('-d', `raw:${secret}`), disk);
    assert.ok((await s.log()).includes(`vm "x" unable to access disk ${secret}`));
    assert.equal(await start('-d', `raw:${await s.file('readable', 'x', 0o644)}`), disk);
    assert.equal(await start('-d', `raw:${a}`, '-r', secret), denied);
    const kernel = await start('-d', `raw:${a}`, '-b', secret);
    if (release === '7.2') assert.equal(kernel, denied);
    else assert.equal(kernel, `vmctl: cannot open kernel '${secret}': Permission denied\n`);
    assert.match(await start('-d', `raw:${await s.file('open', 'x', 0o666)}`), started);
  }
});

test('several processors are a template’s to allow, and an older vmd knows no word for them', options, async () => {
  const conf = (parent: string) =>
    `socket owner :_imaged\n${vm('some', `disk "${parent}"\ncpus 2\n${allow('cpus, disk, owner _imaged')}`)}`;
  await using s = await shop();
  await s.vmd.writeConf(conf(s.parent));
  assert.equal((await s.vmd.vmctl('reload')).exitCode, 0, await s.vmd.log());
  for (const [name, words, cpus] of [
    ['a', [], '2'],
    ['b', ['-p', '64'], '64'],
  ] as const) {
    const { stderr } = await s.vmd.vmctlAsImaged(
      ...['start', '-t', 'some', ...words, '-d', `raw:${await s.disk(name)}`, name],
    );
    assert.match(stderr, started);
    assert.match((await s.vmd.vmctl('status', name)).stdout, new RegExp(`\\n +\\d+ +\\d+ +${cpus} `));
  }
  await using older = await shop('7.7');
  await older.vmd.writeConf(conf(older.parent));
  const { stderr } = await older.vmd.run([join(older.vmd.bin, 'vmd'), '-n']);
  assert.match(stderr, /vm\.conf:\d+: syntax error/);
});

test('the vm.conf of the fixture, and what vmd -n says of a good and of a bad one', options, async () => {
  await using vmd = await startVmd({ guests: 'none' });
  const check = async (text: string) => {
    await vmd.writeConf(text);
    return vmd.run([join(vmd.bin, 'vmd'), '-n']);
  };
  assert.deepEqual(await check(usualConf), { stdout: '', stderr: 'configuration OK\n', exitCode: 0 });
  const macros = 'who = "_imaged"\nlocal prefix 100.64.0.0/10\nswitch "s" {\n\tinterface veb0\n}\n';
  const rest =
    'vm "m" {\n\tdisable # why\n\tmemory 1G\n\towner $who\n\tdisk "/d" format qcow2\n\tinterfaces 2\n\tboot device net\n}\n';
  assert.equal((await check(macros + rest)).exitCode, 0);
  for (const [text, line] of [
    ['vm "m" {\n\tmemory much\n}\n', 'vm.conf:2: failed to parse size: much'],
    ['vm "m" {\n\tcolour red\n}\n', 'vm.conf:2: syntax error'],
    ['vm "m" {\n\tinterface { group out1 }\n}\n', 'vm.conf:2: invalid group name: out1'],
    ['vm "m" {\n\tinterface\n\tinterfaces 2\n}\n', 'vm.conf:3: interfaces specified more than once'],
    ['vm "m" {\n\tboot "/nowhere"\n}\n', 'vm.conf:2: kernel path not found: No such file or directory'],
    ['socket owner nobodyatall\n', 'vm.conf:1: failed to get user: nobodyatall'],
    ['vm "m" {\n\tdisk $none\n}\n', "vm.conf:2: macro 'none' not defined"],
  ] as const) {
    const { stderr, exitCode } = await check(text);
    assert.deepEqual([stderr.split('/').slice(3).join('/').trim(), exitCode], [line, 1]);
  }
});
