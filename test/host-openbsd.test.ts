import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { hostShop, testCases, type Case, type Change } from './host-shop.ts';

const ours = (name: string) => readFile(new URL(`../../openbsd/${name}`, import.meta.url), 'utf8');
const [vmConf, pfConf] = [await ours('vm.conf'), await ours('pf.conf')];

/** One of our own files with something else in it; what it replaces must be there. */
const changed = (text: string, from: string, to: string): string => {
  assert.ok(text.includes(from), `"${from}" is not in the file`);
  return text.replace(from, to);
};
const vm = (from: string, to: string): Change => ({ files: { 'etc/vm.conf': changed(vmConf, from, to) } });
const pf = (from: string, to: string): Change => ({
  uid: 0,
  programs: { pfctl: 'exit 1' },
  files: { 'etc/pf.imaged.conf': changed(pfConf, from, to) },
});

const outgoing = '[hypervisor]\nallow_outgoing = true';

test('a host with the files of openbsd/ is fit: every question is answered with ok', async () => {
  for (const uid of [900, 0]) {
    await using shop = await hostShop('openbsd', {
      uid,
      settings: `${outgoing}\n[media]\ntiny = "/srv/tiny"`,
      // As the daemon's own user, pf.conf cannot be read by habit; here it can.
      owners: { '/etc/pf.conf': { mode: 0o644 }, '/etc/pf.imaged.conf': { mode: 0o644 } },
    });
    const findings = await shop.findings();
    assert.deepEqual(
      findings.filter(({ state }) => state !== 'ok'),
      [],
    );
    assert.equal(findings.length, 23);
  }
});

const silent = 'echo "vmctl: connect: /var/run/vmd.sock: No such file or directory" >&2; exit 1';

const cases: readonly Case[] = [
  [
    'vmm',
    'the processor cannot',
    { files: { 'var/run/dmesg.boot': 'OpenBSD 7.7\ncpu0 at mainbus0\n' } },
    'fail',
    /no vmm\(4\)/,
    /BIOS/,
  ],
  [
    'vmm',
    'only an earlier boot had it',
    {
      files: {
        'var/run/dmesg.boot': 'OpenBSD 7.6\nvmm0 at mainbus0: SVM/RVI\nrebooting\nOpenBSD 7.7\ncpu0 at mainbus0\n',
      },
    },
    'fail',
    /no vmm\(4\)/,
  ],
  ['vmm', 'its device is missing', { files: { 'dev/vmm': null } }, 'fail', /no \/dev\/vmm/, /MAKEDEV vmm/],
  ['vmm', 'nobody kept what the kernel said', { files: { 'var/run/dmesg.boot': null } }, 'warn', /cannot be told/],
  [
    'firmware',
    'it was never fetched',
    { files: { 'etc/firmware/vmm-bios': null } },
    'fail',
    /vmm-bios is not there/,
    /^fw_update vmm$/,
  ],
  [
    'vmd',
    'it does not run, nor will it',
    { programs: { vmctl: silent, rcctl: 'exit 1' } },
    'fail',
    /No such file/,
    /rcctl enable vmd && rcctl start vmd/,
  ],
  ['vmd', 'it has died', { programs: { vmctl: silent } }, 'fail', /does not answer/, /^rcctl restart vmd$/],
  [
    'vmd',
    'it runs until the next reboot',
    { programs: { rcctl: 'echo off; exit 1' } },
    'warn',
    /after a reboot/,
    /rcctl enable vmd/,
  ],
  [
    'vmd',
    'this user may not ask',
    { programs: { vmctl: 'echo "vmctl: connect: /var/run/vmd.sock: Permission denied" >&2; exit 1' } },
    'warn',
    /may not ask/,
  ],
  ['vmd', 'vmctl is missing', { programs: { vmctl: null } }, 'fail', /vmctl was not found/],
  [
    'vmd',
    'it knows no machine at all',
    { programs: { vmctl: 'printf "   ID   PID VCPUS  MAXMEM  CURMEM     TTY        OWNER    STATE NAME\\n"; exit 1' } },
    'ok',
    /knows 0 machines/,
  ],
  [
    'socket',
    'it is for wheel',
    { owners: { '/var/run/vmd.sock': { mode: 0o660 } } },
    'fail',
    /_imaged may not talk to vmd.*group wheel, mode 660/,
    /socket owner :_imaged/,
  ],
  ['socket', 'vmd has not made it', { files: { 'var/run/vmd.sock': null } }, 'warn', /no socket/],
  ['template', 'there is no vm.conf', { files: { 'etc/vm.conf': null } }, 'fail', /no \/etc\/vm\.conf/, /--fix-print/],
  [
    'template',
    'vm.conf has others',
    { files: { 'etc/vm.conf': 'vm "web" {\n\tdisk "/var/web.qcow2"\n}\n' } },
    'fail',
    /no VM "imaged"/,
  ],
  ['template', 'it would run itself', vm('disable\n', '\n'), 'fail', /not disabled/],
  [
    'template',
    'its owner has a group',
    vm('\towner _imaged\n', '\towner _imaged:_imaged\n'),
    'fail',
    /owner is "_imaged:_imaged": vmd refuses/,
  ],
  [
    'template',
    'its owner is root',
    vm('\towner _imaged\n', '\n'),
    'fail',
    /owner is root, for want of another, not _imaged/,
  ],
  [
    'template',
    'nobody but root may make instances',
    vm('memory, owner _imaged }', 'memory }'),
    'fail',
    /inside allow instance is root/,
  ],
  [
    'template',
    'the inner owner is a group',
    vm('memory, owner _imaged }', 'memory, owner :_imaged }'),
    'fail',
    /inside allow instance is ":_imaged"/,
  ],
  [
    'template',
    'instances may choose little',
    vm('boot, cdrom, disk, interface, memory', 'boot, disk'),
    'fail',
    /lacks cdrom, interface, memory/,
  ],
  [
    'template',
    'nothing may be chosen',
    vm('allow instance { boot, cdrom, disk, interface, memory, owner _imaged }', ''),
    'fail',
    /no "allow instance"/,
  ],
  [
    'template',
    'instances may have instances',
    vm('boot, cdrom', 'boot, instance, cdrom'),
    'fail',
    /must not have instance/,
  ],
  ['template', 'it has no device', vm('disk "/dev/null"', ''), 'fail', /no device/],
  [
    'template',
    'it says what it boots from, and has no device',
    vm('disk "/dev/null"', 'boot device net'),
    'fail',
    /no device/,
  ],
  [
    'template',
    'a second owner takes the place of the first',
    vm('disk "/dev/null"', 'disk "/dev/null"\n\towner root'),
    'fail',
    /owner is root/,
  ],
  [
    'template',
    'vmd has not read the file',
    { programs: { vmctl: 'printf "   ID   PID VCPUS  MAXMEM  CURMEM     TTY        OWNER    STATE NAME\\n"' } },
    'fail',
    /vmd has not read it/,
    /^vmctl reload$/,
  ],
  [
    'template',
    'vm.conf is closed',
    { owners: { '/etc/vm.conf': { mode: 0o600 } } },
    'warn',
    /vmd knows "imaged"; .*may not be read/,
    /as root/,
  ],
  [
    'template',
    'it is written with macros, an include, comments and long lines',
    {
      files: {
        'etc/vm.conf': 'who = "_imaged"\nname = imaged\ninclude "/etc/vm.d/imaged"\n',
        'etc/vm.d/imaged':
          'vm $name { # ours\n\tdisable\n\towner $who\n\tcdrom /a.iso\n\tallow \\\n\tinstance {\n\t\tboot\n\t\tcdrom, disk\n' +
          '\t\tinterface\n\t\tmemory\n\t\towner "_imaged"\n\t}\n}\n',
      },
    },
    'ok',
    /may be instantiated by _imaged/,
  ],
  [
    'template',
    'its owner is a number and nothing stands in braces',
    {
      files: {
        'etc/vm.conf':
          "vm 'imaged' {\n\tdisable\n\towner 900\n\tboot /bsd\n\tallow instance boot\n\tallow instance cdrom\n\tallow instance disk\n" +
          '\tallow instance interface\n\tallow instance memory\n\tallow instance owner 900\n}\n',
      },
    },
    'ok',
    /may be instantiated/,
  ],
  ['template', 'it is disabled, and enabled again', vm('disable\n', 'disable\n\tenable\n'), 'fail', /not disabled/],
  [
    'outgoing-template',
    'its group stands without braces',
    { ...vm('local interface { group imagedout }', 'local interface tap group imagedout'), settings: outgoing },
    'ok',
    /may be instantiated/,
  ],
  ['outgoing-template', 'it is not wanted', vm('imaged-outgoing', 'other'), 'ok', /not needed/],
  [
    'outgoing-template',
    'it is missing',
    { ...vm('imaged-outgoing', 'other'), settings: outgoing },
    'fail',
    /no VM "imaged-outgoing"/,
  ],
  [
    'outgoing-template',
    'its interface has no group',
    { ...vm('local interface { group imagedout }', 'local interface'), settings: outgoing },
    'fail',
    /no "local interface \{ group/,
  ],
  [
    'outgoing-template',
    'its group looks like an interface',
    { ...vm('group imagedout', 'group out0'), settings: outgoing },
    'fail',
    /ends in a digit/,
  ],
  [
    'outgoing-template',
    'instances may choose their interfaces',
    { ...vm('boot, cdrom, disk, memory', 'boot, cdrom, disk, interface, memory'), settings: outgoing },
    'fail',
    /must not have interface/,
  ],
  [
    'taps',
    'there are four for six workers',
    { settings: 'workers = 6' },
    'fail',
    /4 tap devices in a row/,
    /^cd \/dev && for i in \$\(jot 2 4\); do sh MAKEDEV tap\$i; done$/,
  ],
  [
    'taps',
    'hostname.if(5) makes one, which outlives its machines',
    { files: { 'etc/hostname.tap2': 'up\n' } },
    'warn',
    /^tap2 has a hostname.if\(5\): .*keeps the address and the group/,
    /rm \/etc\/hostname\.tap2 && ifconfig tap2 destroy/,
  ],
  ['taps', 'vmd would stop at a gap', { files: { 'dev/tap1': null } }, 'fail', /1 tap devices/, /jot 1 1/],
  ['forwarding', 'outgoing machines are not wanted', { programs: { sysctl: 'echo 0' } }, 'ok', /not needed/],
  [
    'forwarding',
    'it is off',
    { programs: { sysctl: 'echo 0' }, settings: outgoing },
    'warn',
    /is off/,
    /sysctl net\.inet\.ip\.forwarding=1 && echo/,
  ],
  ['pf', 'pf.conf is closed', {}, 'warn', /may not be read/, /as root/],
  [
    'pf',
    'port 80 goes nowhere',
    pf('port 80 rdr-to 127.0.0.1 port 8079', 'port 80'),
    'fail',
    /no rule redirects port 80/,
    /--fix-print/,
  ],
  [
    'pf',
    'every request for port 80 is taken',
    pf('to $imaged_guests port 80', 'to port 80'),
    'fail',
    /no destination.*mirrors/,
    /100\.64\.0\.0\/10/,
  ],
  ['pf', 'any destination is taken', pf('to $imaged_guests port 80', 'to any port 80'), 'fail', /no destination/],
  [
    'pf',
    'more than guests is taken',
    pf('to $imaged_guests port 80', 'to 100.0.0.0/8 port 80'),
    'warn',
    /cannot be told/,
  ],
  [
    'pf',
    'it leads to another port',
    pf('port 80 rdr-to 127.0.0.1 port 8079', 'port 80 rdr-to 127.0.0.1 port 8080'),
    'fail',
    /not lead to the endpoint port 8079/,
  ],
  [
    'pf',
    'it leads to another host',
    pf('port 80 rdr-to 127.0.0.1 port', 'port 80 rdr-to 192.0.2.1 port'),
    'fail',
    /neither to 127\.0\.0\.1/,
  ],
  [
    'pf',
    'the address is kept and the port alone changed',
    pf('port 80 rdr-to 127.0.0.1 port 8079', 'port 80 rdr-to 100.64.0.0/10 port 8079 bitmask'),
    'ok',
    /port 8079/,
  ],
  [
    'pf',
    'nothing is translated',
    { ...pf('nat-to (egress:0)', ''), settings: outgoing },
    'warn',
    /no rule with nat-to/,
  ],
  [
    'pf',
    'no rule is for names',
    { ...pf('$imaged_guests port 53', '$imaged_guests port 5353'), settings: outgoing },
    'warn',
    /redirects no DNS/,
  ],
  [
    'pf',
    'root sees what is loaded, whatever the file says',
    { uid: 0, files: { 'etc/pf.conf': 'pass\n' }, settings: outgoing },
    'ok',
    /outgoing ones/,
  ],
  [
    'pf',
    'nothing is loaded, whatever the file says',
    { uid: 0, programs: { pfctl: 'echo "pass all flags S/SA"' } },
    'fail',
    /no rule redirects/,
  ],
  [
    'pf',
    'it is off',
    { uid: 0, programs: { pfctl: 'echo "Status: Disabled for 0 days 00:11:22"' } },
    'fail',
    /pf is off/,
    /rcctl enable pf && pfctl -e/,
  ],
  ['pf', 'what it includes is closed', { owners: { '/etc/pf.conf': { mode: 0o644 } } }, 'warn', /may not be read/],
  ['forwarding', 'only IPsec is forwarded', { programs: { sysctl: 'echo 2' }, settings: outgoing }, 'warn', /is off/],
  [
    'login-class',
    'the class is daemon',
    { files: { 'etc/login.conf.d/imaged': null } },
    'fail',
    /class daemon lets imaged open 128 files, and 2 workers need 200/,
    /login\.conf\.d\/imaged/,
  ],
  [
    'login-class',
    'there are many workers',
    { settings: 'workers = 100' },
    'fail',
    /1024 files, and 100 workers need 5296/,
  ],
  [
    'vm-memory',
    'the class of vmd is small',
    { files: { 'etc/login.conf': 'vmd:\\\n\t:datasize=2G:\\\n\t:tc=daemon:\n' } },
    'warn',
    /2G, and capacity.memory grants 8192M/,
    /datasize=8192M/,
  ],
  [
    'user-limits',
    'vmd counts',
    { release: '7.2', settings: 'workers = 5' },
    'fail',
    /4 machines, and there are 5/,
    /workers = 4/,
  ],
  ['user-limits', 'vmd counts memory', { release: '7.2' }, 'warn', /2048 MB in all, and 8192 MB/, /memory = "2048M"/],
  [
    'user-limits',
    'the configuration names the release',
    { settings: '[hypervisor.vmd]\nrelease = "7.2"' },
    'warn',
    /2048 MB in all/,
  ],
  [
    'user-limits',
    'it was not seen whether vmd counts',
    { release: '7.5', settings: 'workers = 5' },
    'warn',
    /some releases before 7\.7/,
  ],
  [
    'folders',
    'data_dir is longer than vmd of the release takes',
    { release: '7.3', settings: `data_dir = "/var/${'d'.repeat(90)}"\nrun_dir = "/var/imaged/run"` },
    'fail',
    /longer than 90 bytes, and vmd of this release takes paths of 127/,
  ],
  ['signify', 'the key of the release is missing', { release: '7.8' }, 'warn', /no openbsd-78-base\.pub/],
  [
    'signify',
    'the mirror has no keys',
    { asked: { mirrorKeys: '/srv/keys' } },
    'fail',
    /mirror\.keys has no key/,
    /cp \/etc\/signify/,
  ],
  [
    'signify',
    'the mirror has keys',
    { asked: { mirrorKeys: '/srv/keys' }, files: { 'srv/keys/openbsd-77-base.pub': 'key' } },
    'ok',
    /is there/,
  ],
  [
    'node',
    'it lies in /home',
    { asked: { node: { path: '/home/ada/bin/node', version: '22.15.0' } } },
    'fail',
    /on \/, which is not mounted wxallowed/,
    /pkg_add node/,
  ],
  [
    'clock',
    'ntpd has no peers',
    { programs: { ntpctl: 'echo "0/1 peers valid, clock unsynced"' } },
    'warn',
    /clock unsynced/,
    /rcctl enable ntpd/,
  ],
  [
    'clock',
    'ntpd does not run',
    { programs: { ntpctl: 'echo "ntpctl: connect: /var/run/ntpd.sock: No such file or directory" >&2; exit 1' } },
    'warn',
    /ntpd does not answer/,
  ],
  [
    'user',
    'nobody made it',
    { uid: 0, files: { 'etc/passwd': 'root:*:0:0::/root:/bin/ksh\n', 'var/imaged': null } },
    'fail',
    /no user _imaged/,
    /^useradd -g =uid/,
  ],
];

testCases('openbsd', cases);
