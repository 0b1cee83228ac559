import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, faults } from '../src/base/fault.ts';
import { tildeDoubler } from '../src/vmm/vmd/cu-attach.ts';
import { lastWords } from '../src/vmm/vmd/last-words.ts';
import { endingOfVm } from '../src/vmm/vmd/ending.ts';
import { isTransient, vmctlFault } from '../src/vmm/vmd/faults.ts';
import { perUserWords, traitsOf } from '../src/vmm/vmd/releases.ts';
import { isRunning, readStatus, rowsIn } from '../src/base/machine/vmd-status.ts';
import { guestBeside, tapsIn } from '../src/vmm/vmd/taps.ts';
import { isDown } from '../src/vmm/vmd/watch.ts';

const table = `   ID   PID VCPUS  MAXMEM  CURMEM     TTY        OWNER    STATE NAME
    1 85075     1    1.0G   1006M   ttyp8         root  running vm1
    2     -     1    512M       -       -      _imaged  stopped imaged
12345 123456     1    128G   1006M  ttypA0 averylongusername:wheel stopping imaged-0
`;

test('the rows of vmctl status are read whatever the width of their columns, and the header is none', () => {
  const rows = rowsIn(table);
  assert.deepEqual([...rows.keys()], ['vm1', 'imaged', 'imaged-0']);
  assert.deepEqual(rows.get('imaged-0'), {
    id: 12345,
    pid: 123456,
    tty: '/dev/ttypA0',
    owner: 'averylongusername:wheel',
    state: 'stopping',
    name: 'imaged-0',
  });
  assert.deepEqual([rows.get('imaged')?.pid, rows.get('imaged')?.tty], [undefined, undefined]);
  assert.deepEqual(
    [isRunning(rows.get('vm1')), isRunning(rows.get('imaged')), isRunning(rows.get('nobody'))],
    [true, false, false],
  );
});

test('vmd has answered where there is a table, whatever else vmctl says; else its words tell why not', () => {
  const [head = ''] = table.split('\n');
  const known = (stdout: string, stderr: string) => {
    const reply = readStatus({ stdout, stderr });
    return reply.is === 'answering' ? reply.rows.size : [reply.is, reply.said];
  };
  assert.deepEqual([known(table, ''), known(`${head}\n`, 'vmctl: a warning\n')], [3, 0]);
  const denied = 'vmctl: connect: /var/run/vmd.sock: Permission denied';
  assert.deepEqual(known('', `${denied}\n`), ['denied', denied]);
  assert.deepEqual(known('', ''), ['silent', '']);
});

const listing = `tap0: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\tlladdr fe:e1:ba:d4:3e:e2
\tdescription: vm1-if0-vm1
\tindex 10 priority 0 llprio 3
\tgroups: tap
\tstatus: active
\tinet 100.64.1.2 netmask 0xfffffffe
tap1: flags=8802<BROADCAST,SIMPLEX,MULTICAST> mtu 1500
\tlladdr fe:e1:ba:d4:3e:e3
\tindex 11 priority 0 llprio 3
\tdescription: vm256-if1-imaged-0
\tgroups: tap imagedout
tap2: flags=8843<UP> mtu 1500
\tinet 10.0.0.1 netmask 0xff000000
`;

test('taps are found by their description, wherever it stands, and one without an address is not ready', () => {
  assert.deepEqual(tapsIn(listing), [
    { interface: 'tap0', vmId: 1, nic: 0, name: 'vm1', host: '100.64.1.2' },
    { interface: 'tap1', vmId: 256, nic: 1, name: 'imaged-0' },
  ]);
  assert.deepEqual(tapsIn(''), []);
  // One that outlived a machine has its address, until vmd adds that of the next.
  const kept = listing.replace('vm1-if0-vm1', 'vm300-if0-imaged-4');
  assert.equal(tapsIn(kept)[0]?.host, undefined);
  const added = kept.replace(
    'inet 100.64.1.2 netmask',
    'inet 100.64.1.2 netmask 0xfffffffe\n\tinet 100.65.44.2 netmask',
  );
  assert.equal(tapsIn(added)[0]?.host, '100.65.44.2');
  assert.equal(guestBeside('100.65.0.2'), '100.65.0.3');
});

const limits = perUserWords(traitsOf('7.2'));
const said = (text: string) => vmctlFault('Starting imaged-0', text, { args: [], exitCode: 1 }, limits);

for (const [text, code, words] of [
  ['connect: /var/run/vmd.sock: No such file or directory', 'hypervisor_unavailable', /rcctl start vmd/],
  ['connect: /var/run/vmd.sock: Connection refused', 'hypervisor_unavailable', /does not run/],
  ['connect: /var/run/vmd.sock: Permission denied', 'hypervisor_unavailable', /socket owner :_imaged/],
  ['pipe closed', 'hypervisor_unavailable', /went away/],
  ['imsg_get error', 'hypervisor_unavailable', /went away/],
  ['imsgbuf_get error', 'hypervisor_unavailable', /went away/],
  ['disk-fail', 'hypervisor_failed', /a disk of the machine/],
  ['flush-stop', 'hypervisor_failed', /a disk of the machine/],
  ['vmm bios firmware file not found.', 'hypervisor_failed', /fw_update vmm/],
  ['could not open disk image(s)', 'hypervisor_failed', /in use by another machine/],
  ['specified disk image(s) are not regular files', 'hypervisor_failed', /regular file/],
  ['could not find specified iso image', 'hypervisor_failed', /ISO image is missing/],
  ['specified iso image is not a regular file', 'hypervisor_failed', /ISO image/],
  ['invalid template', 'hypervisor_failed', /no VM by the name of the template/],
  ['start vm command failed: Operation already in progress', 'hypervisor_failed', /by this name is there already/],
  ['start vm command failed: Operation not permitted', 'hypervisor_failed', /4 machines, 2048 MB/],
  ['start vm command failed: Too many processes', 'hypervisor_failed', /by this name is there already/],
  ['start vm command failed: Device busy', 'hypervisor_failed', /same disk as this machine/],
  ['start vm command failed: File name too long', 'hypervisor_failed', /may not use the template/],
  ['start vm command failed: Cannot allocate memory', 'hypervisor_failed', /datasize/],
  ['start vm command failed: Unknown error: -1', 'hypervisor_failed', /may not read and write a disk image/],
  ['start vm command failed: Invalid argument', 'hypervisor_failed', /daemon/],
  ['start vm command failed: No such file or directory', 'hypervisor_failed', /daemon/],
  ['start vm command failed: Input/output error', 'hypervisor_failed', /daemon/],
] as const)
  test(`"${text}" is told with its true cause, and is a fault of the host's`, () => {
    const fault = said(`vmctl: starting without disks\r\nvmctl: ${text}\r\n`);
    assert.equal(fault.code, code);
    assert.equal(faults[fault.code].class, 'infra');
    assert.match(fault.message, words);
    assert.ok(fault.message.includes(`vmctl said "${text}"`), fault.message);
  });

test('only what may pass by itself is tried again, and only vmd itself being away counts as vmd being down', () => {
  const passing = ['could not open disk image(s)', 'start vm command failed: Too many processes'];
  for (const text of passing) assert.ok(isTransient(said(`vmctl: ${text}`)), text);
  for (const text of ['invalid template', 'start vm command failed: Operation not permitted'])
    assert.ok(!isTransient(said(`vmctl: ${text}`)), text);
  assert.ok(isDown(said('vmctl: connect: /var/run/vmd.sock: Connection refused')));
  assert.ok(!isDown(said('vmctl: connect: /var/run/vmd.sock: Permission denied')));
  assert.ok(!isDown(new Fault('hypervisor_unavailable', 'vmd did not answer')));
});

for (const [came, how] of [
  ['syncing disks... done\r\nrebooting...\r\n', 'reboot'],
  ['syncing disks... done\r\nrebooting...\r\n\r\n[EOT]\n', 'reboot'],
  [
    'syncing disks... 4 2 done\r\n\r\nThe operating system has halted.\r\nPlease press any key to reboot.\r\n\r\n',
    'halt',
  ],
  ['# halt -p\r\nsyncing disks... done\r\n', 'halt'],
  ['\x1b[0m[   12.345678] reboot: Power down\r\n', 'halt'],
  ['[    1.2] reboot: Restarting system\r\n', 'reboot'],
  ['tiny# [    7.441805] reboot: Power down\r\n', 'halt'],
  ['[ 1.1] reboot: Restarting system\r\nboot\r\nlogin: [ 9.9] reboot: Power down\r\n', 'halt'],
  ['[ 1.1] reboot: Restarting system\r\n[ 1.2] reboot: machine restart\r\n', 'reboot'],
  ['rebooting...\r\nOpenBSD/amd64 (tiny) (tty00)\r\n\r\nlogin: ', undefined],
  ['login: ', undefined],
  ['rebooting...\r\n' + 'OpenBSD is starting\r\n'.repeat(20), undefined],
  ['I heard you say rebooting... and did not\r\n', undefined],
] as const)
  test(`a guest whose last words are ${JSON.stringify(came.slice(-50))} ended by: ${how ?? 'nothing it said'}`, () => {
    assert.equal(lastWords(came), how);
  });

const gone = { by: 'itself', isOurs: false, wasAsked: false, isRestarted: false, wasStopping: false, tail: '' } as const; // prettier-ignore

test('a machine that went without a word was stopped from outside; one that was asked and said nothing was cut', () => {
  assert.equal(endingOfVm(gone).how, 'killed');
  assert.match(endingOfVm(gone).detail, /vmctl stop/);
  assert.equal(endingOfVm({ ...gone, tail: 'rebooting...\r\n' }).how, 'reboot');
  assert.equal(endingOfVm({ ...gone, tail: 'rebooting...\r\n', isRestarted: true }).how, 'loop');
  assert.equal(endingOfVm({ ...gone, tail: 'rebooting...\r\n', wasStopping: true }).how, 'killed');
  assert.equal(endingOfVm({ ...gone, tail: 'syncing disks... done\r\n', wasStopping: true }).how, 'halt');
  assert.equal(endingOfVm({ ...gone, tail: 'rebooting...\r\n', wasAsked: true }).how, 'halt');
  assert.equal(endingOfVm({ ...gone, wasAsked: true }).how, 'cut');
  assert.match(endingOfVm({ ...gone, wasAsked: true }).detail, /vmmci/);
  assert.match(endingOfVm({ ...gone, by: 'vmd-restarted', tail: 'rebooting...' }).detail, /restarted/);
  assert.equal(endingOfVm({ ...gone, isOurs: true, tail: 'rebooting...' }).how, 'stopped');
});

test('a tilde is doubled where cu would take it for a command, and nowhere else', () => {
  const typed = (...pieces: readonly string[]) => {
    const double = tildeDoubler();
    return pieces.map((piece) => Buffer.from(double(Buffer.from(piece))).toString()).join('');
  };
  assert.equal(typed('~.'), '~~.');
  assert.equal(typed('a~b\r~c\r', '~', '~', 'd~'), 'a~b\r~~c\r~~~~d~');
  assert.equal(typed('\r\r~'), '\r\r~~');
  assert.equal(typed('x\n~'), 'x\n~');
});

test('the table of releases says what each has, and a name without numbers is the newest', () => {
  assert.equal(traitsOf('7.2').perUser?.isCertain, true);
  assert.match(perUserWords(traitsOf('7.6')), /may give a user 4 machines/);
  assert.equal(perUserWords(traitsOf('current')), '');
  assert.equal(traitsOf('6.9').longestPath, 127);
  assert.equal(traitsOf('7.4').longestPath, 1023);
  assert.equal(traitsOf('7.5').mostMemoryMb, 32 * 1024);
  assert.equal(traitsOf('7.6').mostMemoryMb, 128 * 1024);
  assert.equal(traitsOf('7.7').perUser, undefined);
  assert.equal(traitsOf('7.9').mostCpus, 1);
  assert.equal(traitsOf('8.0').mostCpus, 'ask');
  assert.deepEqual(traitsOf('current'), traitsOf('8.10'));
});
