import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { recipeFor } from '../src/build/recipe.ts';
import { Fault } from '../src/base/fault.ts';
import { checkTemplate } from '../src/template/resolve/check.ts';
import type { ContextHostFacts } from '../src/context/files.ts';
import { render } from '../src/template/language/render.ts';
import { resolve } from '../src/template/resolve/resolve.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { shownTexts } from '../src/template/resolve/shown-texts.ts';
import type { Spec } from '../src/template/spec.ts';
import { isLong } from './fixtures/hypervisor.ts';
import { runInstaller, type InstallerCase } from './fixtures/installer-cases.ts';
import { openbsdMedia, setsOf } from './fixtures/openbsd-media.ts';

const openbsd = await openbsdMedia(['7.2', '7.4', '7.8', '7.9']);
after(() => openbsd[Symbol.asyncDispose]());

const base = join(openbsd.context, 'base.qcow2');
execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', base, '10G']);

const runtime = {
  http_url: 'http://100.64.1.2:8080',
  http_ip: '100.64.1.2',
  http_port: '8080',
  http_addr: '100.64.1.2:8080',
  http_host: '100.64.1.2:8080',
  host_ip: '100.64.1.2',
  guest_ip: '100.64.1.3',
  mac: 'fe:e1:bb:d1:00:01',
  vm_name: 'imaged-0',
  ssh_public_key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEJ2nqXzQ9vZ0zv2oQ0K1d0mZr0m7o8kq1X9q0r9aK7t imaged',
};

const onVmd: ContextHostFacts = { lease: { router: true, dns: true, hostname: true } };

const machineOf = (release = '7.9') => ({
  memory: '1G',
  disks: [{ size: '10G' }],
  boot: { kernel: `media:openbsd/${release}/amd64/bsd.rd`, device: 'net' },
});

const resolved = (document: object, variables: Record<string, string> = {}, host = onVmd): Promise<Spec> =>
  resolve({
    template: parseTemplate({ name: 'openbsd', machine: machineOf(), communicator: {}, ...document }),
    variables,
    files: { context: openbsd.context, media: { ...openbsd.media, base }, host },
    frozen: { buildId: 'b', timestampMs: 1 },
    defaults: { timeoutMs: 1000 },
  });

const errorsOf = async (act: () => Promise<unknown>): Promise<Record<string, string>> => {
  try {
    await act();
  } catch (error) {
    assert.ok(error instanceof Fault && error.code === 'template_invalid', String(error));
    return Object.fromEntries((error.facts.errors ?? []).map(({ pointer, message }) => [pointer, message]));
  }
  return {};
};

const textOf = (spec: Spec, path = 'install.conf'): string => {
  const entry = spec.http.find((one) => one.path === path);
  assert.ok(entry?.kind === 'text', `${path} is ${entry?.kind}`);
  return render(entry.text, runtime);
};

const sets = { 'pub/OpenBSD/7.9': { folder: 'media:openbsd/7.9' } };
const answersWith = (autoinstall: object, http: object = sets) => ({ http: { 'install.conf': { autoinstall }, ...http } }); // prettier-ignore
const at = (question: string) => `/http/install.conf/autoinstall/${question.replaceAll('~', '~0').replaceAll('/', '~1')}`; // prettier-ignore

test('a template that answers nothing is answered for, to the last question', async () => {
  const spec = await resolved(answersWith({}, { ...sets, disklabel: { disklabel: [{ mount: '/', size: '2G-*' }] } }));
  assert.equal(
    textOf(spec),
    `System hostname = openbsd
Password for root account = *************
Change the default console to com0 = yes
Which speed should com0 use = 115200
Public ssh key for root account = ${runtime.ssh_public_key}
Setup a user = no
Allow root ssh login = prohibit-password
What timezone are you in = UTC
Which disk is the root disk = sd0
URL to autopartitioning template for disklabel = ${runtime.http_url}/disklabel
Location of sets = http
HTTP Server = ${runtime.http_url}
Server directory = pub/OpenBSD/7.9/amd64
`,
  );
  assert.equal(textOf(spec, 'disklabel'), '/\t2G-*\n');
});

test('what the template answers is not answered again', async () => {
  const spec = await resolved(answersWith({ 'System hostname': 'x', 'root disk': 'sd0', 'Allow root ssh': 'yes' }));
  const text = textOf(spec);
  for (const question of ['hostname', 'root disk', 'Allow root ssh', 'HTTP Server'])
    assert.equal(text.split('\n').filter((line) => line.includes(question)).length, 1, `${question}\n${text}`);
});

test('who logs in by ssh as another user is set up as the first one', async () => {
  const text = textOf(await resolved({ ...answersWith({}), communicator: { username: 'puffy' } }));
  assert.match(text, /^Setup a user = puffy$/m);
  assert.match(text, /^Password for user puffy = \*{13}$/m);
  assert.match(text, /^Public ssh key for user puffy = ssh-ed25519 /m);
  assert.doesNotMatch(text, /Public ssh key for root|Allow root/);
});

test('a site set is chosen, and taken although nobody has signed it; its directory lists it', async () => {
  const site = { 'pub/OpenBSD/7.9/amd64/site79.tgz': { site: { folder: 'site', rc_firsttime: 'rc.firsttime' } } };
  const signed = await resolved(answersWith({}, { ...sets, ...site }));
  const lines = textOf(signed).split('\n');
  for (const line of [
    'Set name(s) = +site79.tgz',
    'Checksum test for site79.tgz failed. Continue anyway = yes',
    'Continue without verification = yes',
  ])
    assert.ok(lines.includes(line), lines.join('\n'));
  assert.match(textOf(signed, 'pub/OpenBSD/7.9/amd64/index.txt'), / bsd\.rd\n[^]* site79\.tgz\n$/);
  const mirrored = await resolved(answersWith({}, site), {}, { ...onVmd, hasMirror: true });
  assert.match(textOf(mirrored), /^Server directory = pub\/OpenBSD\/7\.9\/amd64$/m);
  assert.match(textOf(mirrored), /^Checksum test for site79\.tgz/m);
  assert.doesNotMatch(textOf(await resolved(answersWith({}))), /verification|Checksum/);
  const errors = await errorsOf(() => resolved(answersWith({ 'Set name(s)': 'done' }, { ...sets, ...site })));
  assert.match(errors['/http/pub~1OpenBSD~17.9~1amd64~1site79.tgz'] ?? '', /is never installed/);
});

test('a site set may lie in a directory of its own, from which it is taken after the others', async () => {
  const answers = {
    'Location of sets': ['http', 'http'],
    'HTTP Server': ['cdn.openbsd.org', '{{ http_url }}'],
    'Server directory': ['pub/OpenBSD/7.9/amd64', 'own'],
    'Set name(s)': ['-x*', 'done', '+site*'],
  };
  const text = textOf(await resolved(answersWith(answers, { 'own/site79.tgz': { site: { folder: 'site' } } })));
  assert.match(text, /^INSTALL\.amd64 not found\. Use sets found here anyway = yes$/m);
  assert.match(text, /^Continue without verification = yes$/m);
  assert.doesNotMatch(text, /^Checksum/m);
});

test('a site set of another release, or of no name the installer looks for, is refused', async () => {
  const site = { site: { folder: 'site' } };
  const one = await errorsOf(() => resolved(answersWith({}, { ...sets, 'pub/OpenBSD/7.9/amd64/site78.tgz': site })));
  assert.match(one['/http/pub~1OpenBSD~17.9~1amd64~1site78.tgz'] ?? '', /looks for "site79\.tgz"/);
  const other = await errorsOf(() => resolved(answersWith({}, { ...sets, 'pub/OpenBSD/7.9/amd64/my.tgz': site })));
  assert.match(other['/http/pub~1OpenBSD~17.9~1amd64~1my.tgz'] ?? '', /no name of a site set/);
});

test('every answer that the installer would not take, and every line that no installer asks for, is refused at its place', async () => {
  const cases: readonly (readonly [string, string | readonly string[], RegExp])[] = [
    ['System hostname', 'two words', /cannot be a host name/],
    ['Network interface to configure', 'em0', /there is: vio0/],
    ['Network interface to configure', ['vlan7', 'done'], /no interface "vlan7": .*"vlan0"/],
    ['IPv4 address for vio0', '10.0.0', /neither an IPv4 address/],
    ['Public ssh key for root account', 'ssh-ed25519 AAAA', /not a public key/],
    ['Start sshd(8) by default', 'maybe', /"yes" or "no"/],
    ['Which speed should com0 use', '4800', /9600, 19200/],
    ["Which speed should com0 use? (or 'done')", '9600', /did you mean "Which speed should com0 use"/],
    ['Setup a user', 'Root', /small letter/],
    ['Allow root ssh login', 'sure', /prohibit-password/],
    ['What timezone are you in', 'Paris time', /not a time zone/],
    ['What timezone are you in', 'Europe/Pariss', /did you mean "Europe\/Paris"/],
    ['Which disk is the root disk', 'sd1', /did you mean "sd0"/],
    ['Encrypt the root disk with a (p)assphrase or (k)eydisk', 'p', /waits for a person/],
    ['Use (W)hole disk MBR, whole disk (G)PT', 'edit', /editor of fdisk/],
    ['Use (A)uto layout, (E)dit auto layout, or create (C)ustom layout', 'c', /editor of disklabel/],
    ['URL to autopartitioning template for disklabel', 'disklabel', /not the URL/],
    ['URL to autopartitioning template for disklabel', '{{ http_url }}/nothing', /serves no such file/],
    ['Location of sets', 'floppy', /no place for sets/],
    ['HTTP Server', 'http://host/dir', /not a server/],
    ['Set name(s)', '+gams*', /did you mean "game\*"/],
    ['Set name(s)', '-game78.tgz', /did you mean "game79"/],
    ['HTTP Server', '3', /no list of mirrors/],
    ['Sytem hostname', 'x', /did you mean "System hostname"/],
    ['Anything', 'x', /no question of OpenBSD's installer/],
  ];
  for (const [question, answer, expected] of cases) {
    const errors = await errorsOf(() => resolved(answersWith({ [question]: answer })));
    const told = Object.entries(errors).filter(([pointer]) => pointer.startsWith(at(question)));
    assert.ok(told.some(([, message]) => expected.test(message)), `${question}: ${JSON.stringify(errors)}`); // prettier-ignore
  }
});

test('a line that the installer passes over here, and may ask for elsewhere, is a note at its place', async () => {
  const cases: readonly (readonly [string, string | readonly string[], RegExp])[] = [
    ['HTTP proxy URL', '', /without one/],
    ['Netmask for vio0', '255.0.0.0', /when "IPv4 address for vio0" is "autoconf"/],
    ['Netmask for em0', '255.0.0.0', /on this machine with the answers before it$/],
    ['DNS domain name', 'example.org', /only interface is configured by DHCP/],
    ['Do you expect to run the X Window System', 'no', /without a display/],
    ['Choose your keyboard layout', 'de', /with a display/],
    ['Access point', 'any', /wireless/],
    ['Full name for user x', 'x', /when "Setup a user" is "no"/],
    ['Public ssh key for user', 'none', /when "Setup a user" is "no"|too many|asked by/],
    ['Which disk do you wish to initialize', 'sd1', /one disk/],
    ['Set name(s)', ['done', '-x*'], /one answer too many/],
    ['Set name(s)', '-etc* -kernel*', /"-etc\*", which matches no set/],
    ['Continue without verification', 'yes', /something is wrong with the sets/],
    ['Installation of base79.tgz failed. Continue anyway', 'yes', /something is wrong with the sets/],
    ['Unverified sets: site79.tgz. Continue without verification', 'yes', /something is wrong with the sets/],
    ['Force checking of clean non-root filesystems', 'yes', /by an upgrade/],
    ['Use (W)hole disk or (E)dit the MBR', 'whole', /another architecture/],
    ['Use (W)hole disk MBR, whole disk (G)PT, (O)penBSD area or (E)dit', 'whole', /holds a system already/],
    ['Unable to connect using https. Use http instead', 'yes', /other releases/],
    ['Change the default console to com1', 'yes', /with the answers before it$/],
    ['Network interfaces', 'vio0', /other releases/],
    ['Response file location', 'x', /before there is a response file/],
    ['INSTALL.arm64 not found. Use sets found here anyway?', 'yes', /something is wrong/],
  ];
  for (const [question, answer, expected] of cases) {
    const { notes } = await resolved(answersWith({ [question]: answer }));
    const told = notes.filter(({ pointer }) => pointer.startsWith(at(question)));
    assert.ok(
      told.some(({ message }) => expected.test(message)),
      `${question}: ${JSON.stringify(notes)}`,
    );
  }
});

test('a file for installations serves an upgrade too', async () => {
  const upgrade = { http: { 'upgrade.conf': { autoinstall: { 'System hostname': 'x', 'Setup a user': 'no' } }, ...sets } }; // prettier-ignore
  const { notes } = await resolved(upgrade);
  assert.deepEqual(notes.map(({ message }) => /is asked by an installation, and this is an upgrade/.test(message)), [true, true]); // prettier-ignore
});

test('sets that were left out do not come back: the location is answered once, in any of its rounds', async () => {
  const mirrored = { ...onVmd, hasMirror: true };
  const text = textOf(await resolved(answersWith({ 'Location of sets': 'http', 'Set name(s)': ['-game* -x*', 'done'] }, {}), {}, mirrored)); // prettier-ignore
  assert.equal(text.match(/^Location of sets/gm)?.length, 1, text);
});

const cdMachine = (release: string, more: object = {}) => ({
  machine: { memory: '1G', disks: [{ size: '10G' }], cdrom: `media:openbsd/${release}/amd64/bsd.rd`, ...more },
});

test('booted from a CD the sets are those of the CD where the answers are for them, and imaged says so', async () => {
  const unsigned = { 'Directory does not contain SHA256.sig. Continue without verification': 'yes' };
  for (const release of ['7.4', '7.9'])
    for (const hasMirror of [false, true]) {
      const spec = await resolved({ ...cdMachine(release), ...answersWith(unsigned, {}) }, {}, { ...onVmd, hasMirror });
      assert.match(textOf(spec), /^Location of sets = cd0$/m);
      assert.doesNotMatch(textOf(spec), /^HTTP Server/m);
      assert.deepEqual(spec.notes, []);
    }
  const served = await resolved({ ...cdMachine('7.9'), ...answersWith({}) });
  assert.match(textOf(served), /^Location of sets = http$/m);
  const named = await errorsOf(() => resolved({ ...cdMachine('7.9'), ...answersWith({ 'Location of sets': 'cdrom', ...unsigned }, {}) })); // prettier-ignore
  assert.match(named[at('Location of sets')] ?? '', /"cdrom" is no place for sets here: there is .*\(cd0 /);
  const netbooted = await resolved({ ...cdMachine('7.9', machineOf()), ...answersWith({}) });
  assert.match(textOf(netbooted), /^HTTP Server/m);
});

test('a server may be a line of the list of mirrors where there may be one, and a template of disklabel lie in the ramdisk', async () => {
  const outside = { machine: { ...machineOf(), nics: [{ network: 'outgoing' }] } };
  const spec = await resolved({ ...outside, ...answersWith({ 'HTTP Server': '1', 'URL to autopartitioning template for disklabel': 'file:/dl' }) }); // prettier-ignore
  assert.match(spec.notes.map(({ message }) => message).join('\n'), /file of the installer itself[^]*list of mirrors/);
});

test('what a server that is not known may ask about BUILDINFO is an answer to it', async () => {
  const outside = { machine: { ...machineOf(), nics: [{ network: 'outgoing' }] } };
  for (const question of [
    'Fetching of BUILDINFO failed. Continue anyway',
    'Checksum test for BUILDINFO failed. Continue anyway',
  ]) {
    // prettier-ignore
    const spec = await resolved({ ...outside, ...answersWith({ 'HTTP Server': 'mirror.example.org', [question]: 'yes' }, {}) }); // prettier-ignore
    assert.deepEqual(spec.notes, [], question);
  }
});

test('on a disk with a base the words for a blank disk answer nothing if OpenBSD is on it, and both may be given', async () => {
  const short = 'Use (W)hole disk MBR, whole disk (G)PT';
  const long = 'Use (W)hole disk MBR, whole disk (G)PT, (O)penBSD area or (E)dit';
  const machine = { ...machineOf(), disks: [{ base: 'media:base' }] };
  const one = await resolved({ machine, ...answersWith({ [short]: 'whole' }) });
  assert.match(one.notes.map(({ message }) => message).join(), /where the disk holds OpenBSD already/);
  assert.deepEqual((await resolved({ machine, ...answersWith({ [short]: 'whole', [long]: 'whole' }) })).notes, []);
});

test('a vlan(4) has its parent beside it, so that the domain is asked for', async () => {
  const answers = {
    'Network interface to configure': ['vlan0', 'done'],
    'Which interface:tag should vlan0 be on': 'vio0:7',
    'DNS domain name': 'example.org',
  };
  assert.deepEqual((await resolved(answersWith(answers))).notes, []);
  const question = 'Which interface:tag should vlan0 be on';
  for (const wrong of ['em0:7', 'vio0:4096', 'vio0', 'vlan0:7']) {
    const errors = await errorsOf(() => resolved(answersWith({ ...answers, [question]: wrong })));
    assert.match(errors[at(question)] ?? '', /write it as "vio0:7"/, wrong);
  }
});

test('a machine with UEFI gets a GPT, and is told of an MBR that it could not boot from', async () => {
  const machine = { ...cdMachine('7.9').machine, firmware: 'uefi' };
  const question = 'Use (W)hole disk MBR, whole disk (G)PT';
  for (const answers of [{}, { [question]: 'gpt' }]) {
    const spec = await resolved({ machine, ...answersWith(answers) });
    assert.match(textOf(spec), /^Use \(W\)hole disk MBR, whole disk \(G\)PT = gpt$/m);
    assert.match(textOf(spec), /^An EFI\/GPT disk may not boot\. Proceed = yes$/m);
    assert.deepEqual(spec.notes, []);
  }
  const { notes } = await resolved({ machine, ...answersWith({ [question]: 'whole' }) });
  assert.deepEqual(notes.map(({ pointer, message }) => [pointer, /with UEFI does not boot/.test(message)]), [[at(question), true]]); // prettier-ignore
  assert.doesNotMatch(textOf(await resolved(answersWith({}))), /gpt/);
});

test('a build that could never log in is refused at the line to blame, unless a site set may change it', async () => {
  const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEJ2nqXzQ9vZ0zv2oQ0K1d0mZr0m7o8kq1X9q0r9aK7t me';
  const cases: readonly (readonly [string, Record<string, string>, string])[] = [
    ['root', { 'Start sshd(8) by default': 'no' }, 'Start sshd(8) by default'],
    ['root', { 'Allow root ssh login': 'no' }, 'Allow root ssh login'],
    ['root', { 'Public ssh key for root account': other }, 'Public ssh key for root account'],
    ['root', { 'Public ssh key for root account': 'none' }, 'Public ssh key for root account'],
    ['deploy', { 'Setup a user': 'no' }, 'Setup a user'],
    ['deploy', { 'Setup a user': 'puffy', 'Password for user': '*************' }, 'Setup a user'],
    ['deploy', { 'Public ssh key for user deploy': other }, 'Public ssh key for user deploy'],
  ];
  const site = { 'pub/OpenBSD/7.9/amd64/site79.tgz': { site: { folder: 'site' } } };
  for (const [username, answers, question] of cases) {
    const errors = await errorsOf(() => resolved({ ...answersWith(answers), communicator: { username } }));
    assert.match(errors[at(question)] ?? '', /communicator/, JSON.stringify(answers));
    const { notes } = await resolved({ ...answersWith(answers, { ...sets, ...site }), communicator: { username } });
    assert.match(notes.map(({ message }) => message).join(), /only a site set/, JSON.stringify(answers));
    await resolved({ ...answersWith(answers), communicator: { type: 'none' } }).catch((error: unknown) => {
      assert.ok(username === 'deploy', String(error));
    });
  }
});

test('where the release tells of other questions, its own are the ones that count', async () => {
  const old = { machine: machineOf('7.2'), http: { 'install.conf': { autoinstall: { 'Which network interface do you wish to configure': 'vio0' } }, 'pub/OpenBSD/7.2': { folder: 'media:openbsd/7.2' } } }; // prettier-ignore
  assert.match(textOf(await resolved(old)), /^Server directory = pub\/OpenBSD\/7\.2\/amd64$/m);
  const { notes } = await resolved(answersWith({ 'Which network interface do you wish to configure': 'vio0' }));
  assert.match(notes.map(({ message }) => message).join(), /asked by other releases of OpenBSD/);
  const anywhere = { http: { 'install.conf': { autoinstall: { 'Which network interface do you wish to configure': 'vio0', 'HTTP Server': 'a.b' } } } }; // prettier-ignore
  await resolved({ ...anywhere, machine: { floppy: 'media:openbsd/7.9/amd64/bsd', disks: [{ size: '10G' }] } });
});

test('what is known only when the machine runs is an answer all the same', async () => {
  const spec = await resolved(answersWith({ 'System hostname': '{{ vm_name }}', 'HTTP Server': '{{ http_addr }}' }));
  assert.match(textOf(spec), /^System hostname = imaged-0$/m);
  assert.match(textOf(spec), /^Server directory = pub\/OpenBSD\/7\.9\/amd64$/m);
});

test('a key that nobody makes is told, since the line would have no answer', async () => {
  const document = { ...answersWith({ 'Public ssh key for root account': '{{ ssh_public_key }}' }), communicator: { type: 'none' } }; // prettier-ignore
  const errors = await errorsOf(() => resolved(document));
  assert.match(errors[at('Public ssh key for root account')] ?? '', /no "communicator"/);
});

test('a template is judged before its variables have values, as far as that goes', async () => {
  const document = {
    name: 'openbsd',
    machine: machineOf(),
    communicator: {},
    variables: { login: { required: true }, secret: { sensitive: true } },
    ...answersWith({ 'Setup a user': '{{ login }}', 'Password for user': '{{ secret }}', 'Start sshd(8) by default': 'x' }), // prettier-ignore
  };
  const files = { context: openbsd.context, media: openbsd.media };
  const errors = await errorsOf(() => checkTemplate(parseTemplate(document), files));
  assert.deepEqual(Object.keys(errors), [at('Start sshd(8) by default')]);
});

test('a disk too small to keep sets aside until they are verified is told before anything runs', async () => {
  const small = { ...machineOf(), disks: [{ size: '2G' }] };
  const disklabel = { disklabel: { disklabel: [{ mount: '/', size: '1G-*' }] } };
  const errors = await errorsOf(() => resolved({ machine: small, ...answersWith({}, { ...sets, ...disklabel }) }));
  assert.match(errors['/http/install.conf/autoinstall'] ?? '', /2 GB/);
});

test('partitions are judged: the root first, within the disk, in the words of disklabel(8)', async () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [{ disklabel: [{ mount: '/usr', size: '2G' }] }, /has no "\/"/],
    [{ disklabel: [{ mount: 'swap', size: '1G' }, { mount: '/', size: '2G' }] }, /begin with "\/"/],
    [{ disklabel: [{ mount: '/', size: '2G' }, { mount: '/usr', size: '2' }] }, /not a size/],
    [{ disklabel: [{ mount: '/', size: '2G', percent: 60 }, { mount: '/usr', size: '1G', percent: 50 }] }, /110 percent/],
    [{ disklabel: [{ mount: '/', size: '20G-*' }] }, /needs 20480 MB/],
    [{ disklabel: [{ mount: '/', size: '4G-2G' }] }, /least size above/],
    [{ file: 'disklabel.commented' }, /line 1: is a comment/],
    [{ content: '/\t2G-*\n\n' }, /line 2: is empty/],
    [{ content: '/ 1G-* 120%\n' }, /no percentage/],
  ]; // prettier-ignore
  for (const [entry, expected] of cases) {
    const answer = { 'URL to autopartitioning template for disklabel': '{{ http_url }}/disklabel' };
    const errors = await errorsOf(() => resolved(answersWith(answer, { ...sets, disklabel: entry })));
    const told = Object.entries(errors).filter(([pointer]) => pointer.startsWith('/http/disklabel'));
    assert.match(told.map(([, message]) => message).join(), expected, JSON.stringify(errors));
  }
  await resolved(answersWith({ 'URL to autopartitioning template for disklabel': '{{ http_url }}/disklabel' }, { ...sets, disklabel: { file: 'disklabel' } })); // prettier-ignore
});

test('with a response file imaged holds the conversation itself, and leaves one of the template alone', async () => {
  const ours = await resolved(answersWith({}));
  assert.deepEqual(
    ours.install?.turns.map(({ say, optional }) => [say === undefined ? '' : render(say, runtime), optional]),
    [
      ['a', false],
      ['vio0', true],
      [`${runtime.http_url}/install.conf`, true],
      ['', false],
      ['', false],
    ],
  );
  assert.ok(ours.install?.turns.every(({ refuse }) => refuse.length > 10));
  assert.equal(ours.install.hearsFirstBoot, true);
  assert.equal(ours.install.ends, 'any');
  const short = await resolved({ ...answersWith({}), install: { ends: 'reboot', timeout: '90m' } });
  assert.equal(short.install?.turns.length, 5);
  assert.equal(short.install?.turns.at(-1)?.withinMs, 5_400_000);
  const theirs = await resolved({ ...answersWith({}), install: { console: [{ hear: 'x' }] } });
  assert.equal(theirs.install?.turns.length, 1);
  const silent = await resolved(answersWith({ 'Change the default console to com0': 'no' }));
  assert.equal(silent.install?.hearsFirstBoot, undefined);
  const upgrade = await resolved({ http: { 'upgrade.conf': { autoinstall: {} }, ...sets } });
  assert.equal(render(upgrade.install?.turns[2]?.say ?? [], runtime), `${runtime.http_url}/upgrade.conf`);
  assert.match(textOf(upgrade, 'upgrade.conf'), /^Which disk is the root disk = sd0\nLocation of sets = http\n/);
  assert.equal((await resolved({ machine: { ...machineOf(), disks: [] } })).install, undefined);
});

test('the plan packs site sets before the installer starts, and hears the first boot before it connects', async () => {
  const site = { 'pub/OpenBSD/7.9/amd64/site79.tgz': { site: { folder: 'site' } } };
  const names = recipeFor(await resolved(answersWith({}, { ...sets, ...site }))).steps.map(({ name }) => name);
  const order = ['build-site-sets', 'start-installer', 'boot-from-disk', 'await-first-boot', 'connect'];
  assert.deepEqual(
    names.filter((name) => order.includes(name)),
    order,
  );
  const plain = recipeFor(await resolved({ ...answersWith({}), install: { ends: 'never' } })).steps;
  assert.ok(!plain.some(({ name }) => ['build-site-sets', 'await-first-boot'].includes(name)));
});

const textFile = (text: string, more: object = {}) => ({ http: { 'install.conf': text, ...sets }, ...more });
const wholeText = `System hostname = box
Password for root = *************
# a comment = of no use
What timezone are you in = UTC
HTTP Server = {{ http_addr }}
`;

test('a response file that is served as a text installs as autoinstall does, and is served as it is', async () => {
  const spec = await resolved(textFile(wholeText, { communicator: { type: 'none' } }));
  assert.deepEqual(spec.notes, []);
  assert.equal(textOf(spec).split('\n')[4], 'HTTP Server = 100.64.1.2:8080');
  assert.deepEqual(
    recipeFor(spec).steps.map(({ name }) => name).filter((name) => name.includes('install')),
    ['start-installer', 'install', 'await-end-of-install'],
  ); // prettier-ignore
  assert.equal(spec.install?.hearsFirstBoot, true);
  const silent = textFile(`${wholeText}Change the default console to com0 = n\n`, { communicator: { type: 'none' } });
  assert.equal((await resolved(silent)).install?.hearsFirstBoot, undefined);
});

test('what is wrong in a text is told with its line, and is a note', async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      `${wholeText}Sytem hostname = x\n`,
      /^line 6, "Sytem hostname": is no question .*did you mean "System hostname"\?: the installer passes over it$/,
    ],
    [
      wholeText.replace('UTC', 'Utopia'),
      /^line 4, "What timezone are you in": "Utopia" is not a time zone.*would fail$/,
    ],
    [wholeText.replace(/.*root.*\n/, ''), /"Password for root account\?" has no answer.*would fail$/],
    [`${wholeText}Start sshd(8) by default = yes\r\n`, /^line 6, .*must be "yes" or "no"/],
    [
      `${wholeText}Set name(s) = site55.tgz\n`,
      /^line 6, .*is the name of no set here: .*: the installer passes over it$/,
    ],
    // Where it stops before, a line that every installer asks for is not said to be asked elsewhere.
    [
      `${wholeText}Location of sets = cd0\nSet name(s) = done\n`,
      /^line 7, "Set name\(s\)": is not asked on this machine with the answers before it$/,
    ],
    [`${wholeText}Netmask for vio0 = 255.0.0.0\n`, /^line 6, "Netmask for vio0": is not asked when/],
    [
      `${wholeText}Start sshd(8) by default = no`,
      /^line 6, "Start sshd\(8\) by default": no line break ends it, and the installer passes over such a line/,
    ],
    [wholeText.trimEnd(), /^the question "HTTP Server\?.* has no answer.*would fail$/],
  ];
  for (const [text, expected] of cases) {
    const { notes } = await resolved(textFile(text, { communicator: { type: 'none' } }));
    const told = notes.filter(({ pointer }) => pointer === '/http/install.conf').map(({ message }) => message);
    assert.ok(
      told.some((message) => expected.test(message)),
      `${text}\n${told.join('\n')}`,
    );
  }
});

test('a text may leave the host name to DHCP, which tells one to a machine that boots from the network', async () => {
  const nameless = textFile(wholeText.replace(/^.*\n/, ''), { communicator: { type: 'none' } });
  assert.deepEqual((await resolved(nameless)).notes, []);
  for (const notes of [
    (await resolved({ ...nameless, ...cdMachine('7.9') })).notes,
    (await resolved(nameless, {}, { lease: { router: false, dns: false, hostname: false } })).notes,
  ])
    assert.match(notes.map(({ message }) => message).join('\n'), /"System hostname\?.* has no answer/);
});

test('a text that lets nobody log in is refused; one for another conversation, or another host, is not', async () => {
  const refused = await errorsOf(() => resolved(textFile(wholeText)));
  assert.match(refused['/communicator'] ?? '', /Allow root ssh login/);
  const told = await resolved(textFile(wholeText, { install: { console: [{ hear: 'x' }] } }));
  assert.match(told.notes.map(({ message }) => message).join(), /the conversation itself/);
  const ours = { 'install.conf': { autoinstall: {} }, 'web-install.conf': wholeText, ...sets };
  assert.match((await resolved({ http: ours })).notes.map(({ message }) => message).join(), /Allow root ssh login/);
});

test('a machine that boots an installer and has no installation is told', async () => {
  const bare = { http: {}, communicator: { type: 'none' } };
  assert.match((await resolved(bare)).notes.map(({ pointer }) => pointer).join(), /^\/machine\/boot$/);
  const held = await resolved({ ...bare, install: { console: [{ hear: 'x' }] } });
  assert.deepEqual(held.notes, []);
});

test('the texts of the endpoint are shown as a guest gets them, with placeholders and without secrets', async () => {
  const document = {
    variables: { secret: { sensitive: true } },
    ...answersWith(
      { 'Password for root account': '{{ secret }}' },
      { ...sets, note: 'at {{ http_url }}: {{ secret }}' },
    ),
  };
  const spec = await resolved(document, { secret: 'correct horse' });
  const shown = Object.fromEntries(shownTexts(spec).map(({ path, text }) => [path, text]));
  assert.equal(shown['note'], 'at {{ http_url }}: <sensitive>');
  assert.match(shown['install.conf'] ?? '', /^Password for root account = <sensitive>$/m);
  assert.match(shown['install.conf'] ?? '', /^Public ssh key for root account = {{ ssh_public_key }}$/m);
  assert.doesNotMatch(JSON.stringify(shown), /horse|\$2b/);
});

const releases = ['7.2', '7.4', '7.8', '7.9'] as const;

/** Answers a person would write, most of them right. */
const words: Readonly<Record<string, readonly (string | readonly string[])[]>> = {
  'System hostname': ['web', 'a.example.org', '{{ vm_name }}'],
  'Password for root account': ['*************', '{{ secret }}'],
  'IPv4 address for vio0': ['autoconf', 'dhcp'],
  'IPv6 address for vio0': ['none', 'autoconf'],
  'Start sshd(8) by default': ['yes', 'no'],
  'Change the default console to com0': ['yes', 'no'],
  'Which speed should com0 use': ['115200', '9600'],
  'Setup a user': ['no', 'puffy'],
  'Full name for user': ['Puffy'],
  'Password for user': ['*************', '{{ secret }}'],
  'Allow root ssh login': ['yes', 'no'],
  'What timezone are you in': ['UTC', 'Europe/Paris', 'Europe'],
  'What sub-timezone of': ['Paris'],
  'Encrypt the root disk': ['no'],
  'Use (W)hole disk MBR, whole disk (G)PT': ['whole', 'gpt'],
  'An EFI/GPT disk may not boot. Proceed': ['yes', 'no'],
  'Location of sets': ['http', ['http', 'done']],
  'Set name(s)': ['done', '-game* -x*', ['-x*', '+site*'], ['-all bsd* base*', 'done']],
  'HTTP proxy URL': ['none'],
};
const written = fc
  .subarray(Object.keys(words), { maxLength: 5 })
  .chain((stems) =>
    fc.tuple(...stems.map((stem) => fc.constantFrom(...(words[stem] ?? [])).map((answer) => [stem, answer] as const))),
  ) // prettier-ignore
  .map((entries) => Object.fromEntries(entries));

test('a second reading of the installer answers every question from each file that is accepted, and passes over the lines that are noted', async () => {
  const samples = fc.sample(
    fc.record({
      answers: written,
      release: fc.constantFrom(...releases),
      hasSite: fc.boolean(),
      username: fc.constantFrom('root', 'puffy'),
      disks: fc.integer({ min: 1, max: 2 }),
    }),
    { numRuns: isLong ? 400 : 120, seed: 11 },
  );
  const cases: InstallerCase[] = [];
  const noted: ReadonlySet<string>[] = [];
  let refused = 0;
  for (const { answers, release, hasSite, username, disks } of samples) {
    const number = release.replace('.', '');
    const root = `pub/OpenBSD/${release}`;
    const document = {
      machine: { ...machineOf(release), disks: Array.from({ length: disks }, () => ({ size: '10G' })) },
      communicator: { username },
      variables: { secret: { sensitive: true } },
      http: {
        'install.conf': { autoinstall: answers },
        [root]: { folder: `media:openbsd/${release}` },
        disklabel: { disklabel: [{ mount: '/', size: '2G-*', percent: 100 }] },
        ...(hasSite ? { [`${root}/amd64/site${number}.tgz`]: { site: { folder: 'site' } } } : {}),
      },
    };
    const hash = `$2b$10$${'a'.repeat(53)}`;
    const spec = await resolved(document, { secret: hash }).catch((error: unknown) => {
      assert.ok(error instanceof Fault && error.code === 'template_invalid', String(error));
      return undefined;
    });
    if (spec === undefined) {
      refused += 1;
      continue;
    }
    const official = setsOf(number);
    const listed = ['SHA256.sig', ...official, ...(hasSite ? [`site${number}.tgz`] : [])];
    noted.push(new Set(spec.notes.map(({ pointer }) => pointer.replace(/\/\d+$/, ''))));
    cases.push({
      conf: textOf(spec),
      mode: 'install',
      release,
      number,
      interfaces: ['vio0'],
      disks: Array.from({ length: disks }, (_, index) => `sd${index}`),
      cpus: 1,
      cdrom: false,
      netbooted: true,
      router: true,
      dns: true,
      outside: false,
      listed,
      summed: official,
      present: listed,
      room: true,
    });
  }
  const runs = await runInstaller(cases);
  for (const [index, run] of runs.entries()) {
    assert.equal(run.end, 'ok', `${cases[index]?.conf}\n${JSON.stringify(run)}`);
    for (const left of run.left) assert.ok(noted[index]?.has(at(left)), `${left}\n${cases[index]?.conf}`);
  }
  assert.ok(
    runs.length > samples.length / 5 && refused > samples.length / 10,
    `${runs.length} were accepted, ${refused} refused`,
  );
});
