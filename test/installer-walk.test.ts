import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { InstallerFacts } from '../src/openbsd/installer/facts.ts';
import { keyOf } from '../src/openbsd/installer/lines.ts';
import { releaseNames, releases } from '../src/base/openbsd/releases.ts';
import { releaseOfPath, releasesFor } from '../src/openbsd/releases.ts';
import { walk } from '../src/openbsd/installer/walk.ts';
import { isLong } from './fixtures/hypervisor.ts';
import { runInstaller, type InstallerCase } from './fixtures/installer-cases.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEJ2nqXzQ9vZ0zv2oQ0K1d0mZr0m7o8kq1X9q0r9aK7t me';

/** Questions, in full or in part, with answers that the installer takes. */
const answersFor: Readonly<Record<string, readonly string[]>> = {
  'Terminal type': ['vt220', 'xterm'],
  'System hostname': ['base', 'web.example.org', 'x1'],
  hostname: ['other'],
  'Network interface to configure': ['vio0', 'vio1', 'vlan0', 'vlan1', 'done', '?'],
  'Which network interface do you wish to configure': ['vio0', 'vio1', 'done'],
  'Which interface:tag should vlan0 be on': ['vio0:7', 'vio1:none', 'em0:7'],
  'IPv4 address for vio0': ['autoconf', 'dhcp', 'none', '10.0.0.2', '10.0.0.2/24'],
  'IPv4 address for vio1': ['none', '10.0.1.2/24'],
  'Netmask for vio0': ['255.255.0.0'],
  'IPv6 address for vio0': ['none', 'autoconf', 'fd00::2', 'fd00::2/64'],
  'IPv6 prefix length for vio0': ['64'],
  'Symbolic (host) name for vio1': ['second'],
  'Default IPv4 route': ['none', '10.0.0.1'],
  'IPv6 default router': ['none', 'fd00::1'],
  'DNS domain name': ['example.org'],
  'DNS nameservers': ['none', '9.9.9.9 1.1.1.1'],
  'Password for root account': ['*************', 'a plain one = with signs'],
  'Password for root': ['*************'],
  password: ['*************'],
  'Public ssh key for root account': ['none', key],
  'Start sshd(8) by default': ['yes', 'no', 'Y'],
  'Change the default console to com0': ['yes', 'no'],
  'Which speed should com0 use': ['115200', '9600', 'done'],
  "Which speed should com0 use? (or 'done')": ['115200'],
  'Setup a user': ['no', 'puffy', 'yes', 'n'],
  'what is the lower-case loginname': ['puffy', 'no'],
  'Full name for user puffy': ['Puffy the Fish'],
  'Password for user': ['*************'],
  'Password for user puffy': ['*************'],
  'Public ssh key for user puffy': ['none', key],
  'Allow root ssh login': ['yes', 'No', 'prohibit-password', 'p'],
  'What timezone are you in': ['UTC', 'Europe/Paris', 'Europe', 'Europe/', 'America/Argentina/Salta', 'Europe/Nowhere'],
  "What sub-timezone of 'Europe' are you in": ['Paris'],
  'Which disk is the root disk': ['sd0', 'sd1'],
  'root disk': ['sd0'],
  disk: ['sd0'],
  'Encrypt the root disk with a (p)assphrase or (k)eydisk': ['no'],
  'Encrypt the root disk': ['no'],
  'Use (W)hole disk MBR, whole disk (G)PT': ['whole', 'G', 'gpt'],
  'An EFI/GPT disk may not boot. Proceed': ['yes', 'no'],
  'URL to autopartitioning template for disklabel': ['none', 'http://10.0.0.1/d'],
  'Use (A)uto layout, (E)dit auto layout, or create (C)ustom layout': ['a'],
  'Which disk do you wish to initialize': ['done', 'sd1'],
  'Location of sets': ['http', 'done', 'cd', 'cd0', 'cdrom'],
  'Pathname to the sets': ['7.9/amd64', 'done'],
  'HTTP proxy URL': ['none', 'http://10.0.0.9:8080'],
  'HTTP Server': ['10.0.0.1', 'http://10.0.0.1:8080', '3', '?'],
  'Server directory': ['pub/OpenBSD/7.9/amd64', '/sets/'],
  'Set name(s)': ['done', '-game* -x*', '+site*', '-all bsd* base* done', 'all', '-etc* done', '-all done'],
  'INSTALL.amd64 not found. Use sets found here anyway': ['yes'],
  'Continue without verification': ['yes'],
  'Checksum test for site79.tgz failed. Continue anyway': ['yes'],
  'Continue anyway': ['yes'],
  "Are you *SURE* your install is complete without 'bsd'": ['yes'],
  'Force checking of clean non-root filesystems': ['yes', 'no'],
  'Fetching of BUILDINFO failed. Continue anyway': ['yes'],
  'Checksum test for BUILDINFO failed. Continue anyway': ['yes'],
  'Unverified sets: BUILDINFO. Continue without verification': ['yes'],
  'no such question': ['x'],
};

const base = ['System hostname', 'Password for root account', 'What timezone are you in', 'HTTP Server'];

const oneLine = (stems: readonly string[]) =>
  fc
    .constantFrom(...stems)
    .chain((stem) => fc.tuple(fc.constant(stem), fc.constantFrom(...(answersFor[stem] ?? ['x']))));
const linesArbitrary = fc
  .tuple(
    fc.oneof({ weight: 9, arbitrary: fc.constant([...base]) }, { weight: 1, arbitrary: fc.subarray([...base]) }),
    fc.array(oneLine(Object.keys(answersFor)), { maxLength: 7 }),
    fc.boolean(),
  )
  .map(([stems, more, isBefore]) => {
    const own = stems.map((stem) => [stem, answersFor[stem]?.[0] ?? ''] as const);
    return isBefore ? [...own, ...more] : [...more, ...own];
  });

const sets = (number: string) => ['bsd', 'bsd.rd', ...['base', 'comp', 'man', 'game', 'xbase', 'xshare', 'xfont', 'xserv'].map((name) => `${name}${number}.tgz`)]; // prettier-ignore

const often = fc.integer({ min: 0, max: 9 }).map((number) => number > 0);
const seldom = fc.integer({ min: 0, max: 9 }).map((number) => number < 3);

const world = fc.record({
  mode: fc.constantFrom('install' as const, 'install' as const, 'install' as const, 'upgrade' as const),
  release: fc.constantFrom(...releaseNames),
  nics: fc.integer({ min: 1, max: 2 }),
  disks: fc.integer({ min: 1, max: 3 }),
  cpus: fc.constantFrom(1, 1, 2),
  cdrom: seldom,
  netbooted: fc.boolean(),
  buildInfo: fc.constantFrom('right', 'right', 'right', 'absent', 'unsigned'),
  router: often,
  dns: fc.boolean(),
  outside: fc.boolean(),
  isSigned: often,
  hasNotes: often,
  hasSite: seldom,
  missing: fc.constantFrom('', '', '', '', 'game79.tgz'),
  room: often,
});

type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

const caseOf = (
  one: World,
  lines: readonly (readonly [string, string])[],
): { c: InstallerCase; facts: InstallerFacts } => {
  const official = sets('79');
  const listed = [
    ...(one.isSigned ? ['SHA256.sig'] : []),
    ...(one.hasNotes ? ['INSTALL.amd64'] : []),
    ...official,
    ...(one.cpus > 1 ? ['bsd.mp'] : []),
    ...(one.buildInfo !== 'right' && releases[one.release].installer.buildInfo === 'fetched' ? ['BUILDINFO'] : []),
    ...(one.hasSite ? ['site79.tgz', 'site79-base.tgz'] : []),
  ];
  const summed = [...official, ...(one.cpus > 1 ? ['bsd.mp'] : [])];
  const present = listed.filter((name) => name !== one.missing && (name !== 'BUILDINFO' || one.buildInfo !== 'absent'));
  // What an upgrade has on its disks is not known.
  const room = one.mode === 'upgrade' ? true : one.room;
  const interfaces = Array.from({ length: one.nics }, (_, index) => `vio${index}`);
  const disks = Array.from({ length: one.disks }, (_, index) => `sd${index}`);
  return {
    c: {
      conf: lines.map(([stem, value]) => `${stem} = ${value}\n`).join(''),
      mode: one.mode,
      release: one.release,
      number: '79',
      interfaces,
      disks,
      cpus: one.cpus,
      cdrom: one.cdrom,
      netbooted: one.netbooted,
      router: one.router,
      dns: one.dns,
      outside: one.outside,
      listed,
      summed,
      present,
      room,
    },
    facts: {
      release: one.release,
      mode: one.mode,
      interfaces,
      disks: disks.map((name) => ({ name, sizeMb: room ? 40_960 : 900, isBlank: true })),
      hasCdrom: one.cdrom,
      isNetbooted: one.netbooted,
      isEfi: false,
      cpus: one.cpus,
      lease: { router: one.router, dns: one.dns, hostname: false },
      outside: one.outside,
      setsAt: () => ({
        listed,
        signed: one.isSigned ? summed : undefined,
        has: (name) => present.includes(name),
      }),
      layoutAt: () => [{ mount: '/', least: 2048, most: Infinity, percent: 100 }],
    },
  };
};

test('the walk asks what a second reading of the installer asks, takes the same answers, and leaves the same lines', async () => {
  const samples = fc.sample(fc.tuple(world, linesArbitrary), { numRuns: isLong ? 800 : 200, seed: 7 });
  const cases = samples.map(([one, lines]) => ({ lines, ...caseOf(one, lines) }));
  const runs = await runInstaller(cases.map(({ c }) => c));
  let clean = 0;
  let failed = 0;
  for (const [index, { lines, facts, c }] of cases.entries()) {
    const run = runs[index];
    assert.ok(run !== undefined);
    const done = walk(lines.map(([stem, value]) => ({ key: keyOf(stem), value, pointer: stem })), facts, '79'); // prettier-ignore
    const shown = `${JSON.stringify(facts)}\n${c.conf}\n${JSON.stringify(done.troubles)}\n${JSON.stringify(run)}`;
    // Whether a line for a prefetch area is used is not known of an upgrade.
    if (c.mode === 'upgrade' && c.conf.includes('Continue without verification')) continue;
    assert.equal(done.isDoubtful, false, shown);
    assert.equal(done.troubles.length === 0, run.end === 'ok', shown);
    if (run.end !== 'ok') {
      failed += 1;
      continue;
    }
    clean += 1;
    assert.deepEqual(done.asked.map(({ question, answer }) => [question, answer]), run.asked, shown); // prettier-ignore
    assert.deepEqual(done.unused.map((line) => lines[line]?.[0]), run.left, shown); // prettier-ignore
  }
  assert.ok(Math.min(clean, failed) > samples.length / 6, `${clean} were clean, ${failed} failed`);
});

test('a BUILDINFO whose sum is missing stays unverified when it is taken, which is asked, too', async () => {
  const one: World = {
    ...{ mode: 'install', release: '7.9', nics: 1, disks: 1, cpus: 1, cdrom: false, netbooted: true, router: true },
    ...{ dns: true, outside: false, isSigned: true, hasNotes: true, hasSite: false, missing: '', room: true },
    buildInfo: 'unsigned',
  };
  const answers = [...base, 'Checksum test for BUILDINFO failed. Continue anyway'];
  const ends: (readonly [readonly string[], string | undefined])[] = [];
  for (const stems of [answers, [...answers, 'Continue without verification']]) {
    const lines = stems.map((stem) => [stem, answersFor[stem]?.[0] ?? ''] as const);
    const { c, facts } = caseOf(one, lines);
    const { troubles } = walk(lines.map(([stem, value]) => ({ key: keyOf(stem), value, pointer: stem })), facts, '79'); // prettier-ignore
    const [run] = await runInstaller([c]);
    ends.push([troubles.map(({ question }) => question), run?.end]);
  }
  const asked = 'Unverified sets: BUILDINFO. Continue without verification?';
  assert.deepEqual(ends, [
    [[asked], `ended by no: ${asked}`],
    [[], 'ok'],
  ]);
});

test('the release is read from the path of its sets', () => {
  assert.equal(releaseOfPath('pub/OpenBSD/7.9/amd64'), '7.9');
  assert.equal(releaseOfPath('pub/OpenBSD/snapshots/amd64/bsd.rd'), 'current');
  assert.equal(releaseOfPath('openbsd/bsd.rd'), undefined);
  assert.equal(releaseOfPath('pub/OpenBSD/7.10/amd64'), undefined);
});

test('releases compare as pairs of numbers: one that is newer than the table asks as current does, and 7.10 is not 7.1', () => {
  assert.notDeepEqual(releasesFor('7.10'), releasesFor('7.1'));
  for (const newer of ['10.1', '100.0', 'current']) assert.deepEqual(releasesFor(newer), ['current'], newer);
  assert.deepEqual(releasesFor('7.8'), ['7.8']);
  assert.deepEqual(releasesFor('6.9'), ['7.2']);
  assert.deepEqual(releasesFor(undefined), releaseNames);
});
