import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createListener, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { portState } from '../src/host/port-state.ts';
import type { PortState } from '../src/host/types.ts';
import { hostShop, testCases, type Case } from './host-shop.ts';

const outgoing = '[hypervisor]\nallow_outgoing = true';
const { signal } = new AbortController();

test('a Linux host with QEMU is fit: every question is answered with ok', async () => {
  await using shop = await hostShop('linux', { settings: outgoing });
  const findings = await shop.findings();
  assert.deepEqual(
    findings.filter(({ state }) => state !== 'ok'),
    [],
  );
  assert.equal(findings.length, 15);
});

const missing = async () => {
  throw new Error('qemu-system-x86_64 was not found. Install it.');
};
const facts = async () => ({ accelerators: ['tcg'], notes: ['kvm is there, but no guest runs under it: late.'] });
const version = async () => '7.2.22';
const port = (api: PortState, endpoint: PortState) => ({
  port: async (_: string, number: number) => (number === 8080 ? api : endpoint),
});
const vmctl = '[hypervisor]\ntype = "vmd"';

const cases: readonly Case[] = [
  ['hypervisor', 'it is missing', { asked: { hypervisor: { version: missing, facts } } }, 'fail', /was not found/],
  [
    'accelerators',
    'no guest runs in hardware',
    { asked: { hypervisor: { version, facts } } },
    'warn',
    /under tcg\. kvm is there.*late\. Without hardware/,
  ],
  [
    'accelerators',
    'TCG is what the configuration wants',
    { asked: { hypervisor: { version, facts } }, settings: '[hypervisor.qemu]\naccelerator = "tcg"' },
    'ok',
    /under tcg/,
  ],
  [
    'accelerators',
    'QEMU does not say',
    { asked: { hypervisor: { version, facts: missing } } },
    'warn',
    /cannot be told: .*not found/,
  ],
  ['qemu-img', 'it is missing', { programs: { 'qemu-img': null } }, 'fail', /not installed/, /qemu-utils/],
  [
    'qemu-img',
    'it is something else',
    { programs: { 'qemu-img': 'echo "I am an editor"' } },
    'fail',
    /no qemu-img: I am an editor/,
  ],
  [
    'netcat',
    'it is the traditional one',
    { programs: { nc: 'echo "[v1.10-47] usage: nc -l -p port" >&2; exit 1' } },
    'fail',
    /does not know -U/,
    /netcat-openbsd/,
  ],
  ['netcat', 'it is missing', { programs: { nc: null } }, 'fail', /not installed/],
  [
    'outgoing',
    'slirp4netns is missing',
    { programs: { slirp4netns: null }, settings: outgoing },
    'warn',
    /slirp4netns is not installed/,
  ],
  ['outgoing', 'nobody wants it', { programs: { slirp4netns: null } }, 'ok', /not needed/],
  [
    'clock',
    'systemd does not keep it',
    { programs: { timedatectl: 'echo no' } },
    'warn',
    /not synchronized/,
    /timedatectl set-ntp true/,
  ],
  [
    'clock',
    'chrony keeps it',
    { programs: { timedatectl: 'exit 1', chronyc: 'echo "Leap status     : Normal"' } },
    'ok',
    /chrony/,
  ],
  ['clock', 'nobody keeps it', { programs: { timedatectl: null } }, 'warn', /no program here keeps the clock/],
  [
    'disk',
    'the reserve is not there',
    { asked: { freeMb: async () => 1000 } },
    'fail',
    /1000 MB free.*keeps 1024/,
    /lower the reserve/,
  ],
  ['disk', 'little is left', { asked: { freeMb: async () => 3000 } }, 'warn', /1976 MB of data_dir, which is little/],
  [
    'open-files',
    'there are many workers',
    { settings: 'workers = 30' },
    'fail',
    /1024 files may be open, and 30 workers need 1656/,
    /LimitNOFILE=1656/,
  ],
  ['key-file', 'nothing has been started yet', {}, 'ok', /the first start makes one/],
  ['key-file', 'it is lost', { files: { 'var/imaged/imaged.db': 'x' } }, 'warn', /secrets\.key is not there/],
  [
    'key-file',
    'others may read it',
    { files: { 'var/imaged/secrets.key': 'x' }, owners: { '/var/imaged/secrets.key': { mode: 0o644 } } },
    'fail',
    /may be read by others/,
    /^chmod 600 \/var\/imaged\/secrets\.key$/,
  ],
  [
    'key-file',
    "it is somebody else's",
    { files: { 'var/imaged/secrets.key': 'x' }, owners: { '/var/imaged/secrets.key': { mode: 0o600, uid: 0 } } },
    'fail',
    /may not be read by _imaged/,
    /^chown _imaged /,
  ],
  [
    'signing-key',
    'it is not there',
    { settings: '[sign]\nkey = "/etc/signify/imaged.sec"' },
    'fail',
    /the key of \[sign\] is not there/,
    /^signify -G -n -p \/etc\/signify\/imaged\.pub -s /,
  ],
  [
    'signing-key',
    'others may read it',
    {
      settings: '[sign]\nkey = "/etc/signify/imaged.sec"',
      files: { 'etc/signify/imaged.sec': 'x' },
      owners: { '/etc/signify/imaged.sec': { mode: 0o644 } },
    },
    'fail',
    /may be read by others/,
    /^chmod 600 /,
  ],
  [
    'folders',
    "they are somebody else's",
    { owners: { '/var/imaged': { mode: 0o755 } } },
    'fail',
    /data_dir may not be used by _imaged/,
    /^install -d -o _imaged -m 750 \/var\/imaged$/,
  ],
  [
    'folders',
    'nobody made them',
    { files: { 'var/imaged': null } },
    'fail',
    /not there, and _imaged may not make it/,
    /^install -d/,
  ],
  [
    'folders',
    'they can be made',
    { files: { 'var/imaged': null }, owners: { '/var': { uid: 900 } } },
    'ok',
    /can be made/,
  ],
  [
    'folders',
    "the sockets' folder is closed",
    { settings: 'run_dir = "/srv/run"', files: { 'srv/run/x': 'x' } },
    'fail',
    /run_dir may not be used/,
  ],
  [
    'folders',
    'publishing would cross file systems',
    { owners: { '/var/imaged/work': { uid: 900, device: 2 } } },
    'fail',
    /different file systems/,
  ],
  [
    'folders',
    'who asks is neither root nor the owner of data_dir',
    { uid: 1000, files: { 'etc/group': null }, owners: { '/var/imaged': { mode: 0o750, uid: 900 } } },
    'ok',
    /can be used/,
  ],
  [
    'media',
    'a file is missing',
    { settings: '[media]\ntiny = "/srv/tiny"' },
    'fail',
    /media\.tiny is not there/,
    /\/srv\/tiny/,
  ],
  [
    'media',
    'a file is closed',
    { settings: '[media]\ntiny = "/srv/tiny"', files: { 'srv/tiny': 'x' }, owners: { '/srv/tiny': { mode: 0o600 } } },
    'fail',
    /may not be read/,
    /chmod -R o\+rX/,
  ],
  [
    'media',
    'a folder above is closed',
    { settings: '[media]\ntiny = "/srv/tiny"', files: { 'srv/tiny': 'x' }, owners: { '/srv': { mode: 0o700 } } },
    'fail',
    /may not be read/,
  ],
  [
    'modules',
    'Node is old',
    { asked: { node: { path: '/usr/bin/node', version: '22.14.1' } } },
    'fail',
    /Node 22\.14\.1, and imaged needs 22\.15/,
  ],
  [
    'modules',
    'one was compiled for another Node',
    {
      asked: {
        modules: {
          'node-pty': async () => {
            throw new Error('NODE_MODULE_VERSION 108\nis not 115');
          },
        },
      },
    },
    'fail',
    /node-pty does not load into Node 22\.15\.0: NODE_MODULE_VERSION 108$/,
    /npm rebuild node-pty/,
  ],
  ['user', 'it is root itself', { asked: { user: { name: 'root', uid: 0, gids: [0] } } }, 'warn', /runs as root/],
  [
    'ports',
    'another program has the address',
    { asked: port('taken', 'free') },
    'fail',
    /another program listens at 127\.0\.0\.1:8080/,
  ],
  ['ports', 'imaged has the address', { asked: port('ours', 'taken'), settings: vmctl }, 'ok', /imaged listens/],
  ['ports', 'this user may not have it', { asked: port({ why: 'EACCES' }, 'free') }, 'fail', /EACCES/],
  [
    'ports',
    'another program has the endpoint port',
    { asked: port('free', 'taken'), settings: vmctl },
    'fail',
    /on port 8079, which is for endpoints/,
    /pf\.conf/,
  ],
];

testCases('linux', cases);

test('a port is free, taken, or ours, as whoever listens there says', async () => {
  const stranger = createListener((socket) => socket.resume().end('220 mail ready\r\n')).listen(0, '127.0.0.1');
  const imaged = createServer((_, reply) => reply.end('{"status":"ok","version":"0.1.0"}')).listen(0, '127.0.0.1');
  await Promise.all([stranger, imaged].map((server) => once(server, 'listening')));
  // A server that listens on a port has an address with one.
  const [one, other] = [stranger, imaged].map((server) => (server.address() as AddressInfo).port);
  assert.equal(await portState('127.0.0.1', one ?? 0, signal), 'taken');
  assert.equal(await portState('127.0.0.1', other ?? 0, signal), 'ours');
  for (const server of [stranger, imaged]) await new Promise((resolve) => server.close(resolve));
  assert.equal(await portState('127.0.0.1', one ?? 0, signal), 'free');
  assert.deepEqual(await portState('192.0.2.1', 0, signal), { why: 'EADDRNOTAVAIL' });
});
