import assert from 'node:assert/strict';
import { cp, chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/base/clock.ts';
import { parseConfig, type Config } from '../src/config/config.ts';
import { askHost } from '../src/host/ask-host.ts';
import { makeHost } from '../src/host/make-host.ts';
import { daemonUser, may } from '../src/host/people.ts';
import { hostChecksFor } from '../src/host/checks.ts';
import type { HostAsked, Finding, Host } from '../src/host/types.ts';

const top = fileURLToPath(new URL('../../', import.meta.url));

/** The tests' own user may not give files away: so this says whose they are. What is not named is root's. */
type Owners = Readonly<Record<string, { mode?: number; uid?: number; gid?: number; device?: number }>>;

/** What makes a host differ from one that is fit. A path or program of `null` is not there. */
export type Change = {
  readonly files?: Readonly<Record<string, string | null>>;
  /** Lines of sh(1). */
  readonly programs?: Readonly<Record<string, string | null>>;
  readonly owners?: Owners;
  readonly settings?: string;
  readonly release?: string;
  readonly uid?: number;
  readonly asked?: Partial<HostAsked>;
};

export type HostShop = AsyncDisposable & {
  readonly asked: HostAsked;
  readonly findings: () => Promise<readonly Finding[]>;
  readonly finding: (name: string) => Promise<Finding>;
};

const mine = 900;

const fit: Owners = {
  '/var/run/vmd.sock': { mode: 0o660, gid: mine },
  '/etc/pf.conf': { mode: 0o600 },
  '/etc/pf.imaged.conf': { mode: 0o600 },
  '/var/imaged': { mode: 0o750, uid: mine, gid: mine },
  '/var/imaged/work': { mode: 0o750, uid: mine, gid: mine },
  '/var/imaged/builds': { mode: 0o750, uid: mine, gid: mine },
  '/var/imaged/run': { mode: 0o700, uid: mine, gid: mine },
};

const denied = (path: string) =>
  Object.assign(new Error(`EACCES: permission denied, open '${path}'`), { code: 'EACCES' });

/** A host in a folder of its own: files, and programs with real exit codes, which are all that it has. */
export const hostShop = async (kind: 'openbsd' | 'linux', change: Change = {}): Promise<HostShop> => {
  const folder = await mkdtemp(join(tmpdir(), 'imaged-host-'));
  const [root, bin] = [join(folder, 'root'), join(folder, 'bin')];
  await cp(join(top, 'test/fixtures/hosts', kind), folder, { recursive: true });
  for (const name of ['work', 'builds', 'run']) await mkdir(join(root, 'var/imaged', name), { recursive: true });
  if (kind === 'openbsd') {
    await cp(join(top, 'openbsd/vm.conf'), join(root, 'etc/vm.conf'));
    await cp(join(top, 'openbsd/pf.conf'), join(root, 'etc/pf.imaged.conf'));
    await cp(join(top, 'openbsd/login.conf.d/imaged'), join(root, 'etc/login.conf.d/imaged'));
    await writeFile(join(root, 'etc/pf.conf'), 'set skip on lo\ninclude "/etc/pf.imaged.conf"\nblock return\npass\n');
  }
  for (const [path, text] of Object.entries(change.files ?? {})) {
    await rm(join(root, path), { recursive: true, force: true });
    if (text === null) continue;
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  for (const [name, lines] of Object.entries(change.programs ?? {})) {
    await rm(join(bin, name), { force: true });
    if (lines === null) continue;
    await writeFile(join(bin, name), `#!/bin/sh\n${lines}\n`);
    await chmod(join(bin, name), 0o755);
  }

  const uid = change.uid ?? mine;
  const owners: Owners = { ...fit, ...change.owners };
  const real = makeHost({ clock: systemClock, root, path: bin, mostMs: 1_000 });
  const stat: Host['stat'] = async (path) => {
    const { isFolder } = await real.stat(path);
    return { mode: isFolder ? 0o755 : 0o644, uid: 0, gid: 0, device: 1, isFolder, ...owners[path] };
  };
  const host: Host = {
    ...real,
    platform: kind,
    release: change.release ?? (kind === 'openbsd' ? '7.7' : '6.1.0'),
    self: { uid, gids: [uid] },
    stat,
    read: async (path) => {
      const facts = await stat(path);
      if (!may({ name: '', uid, gids: [uid] }, facts, 'read')) throw denied(path);
      return real.read(path);
    },
  };
  const config: Config = parseConfig(change.settings ?? '', 'imaged.toml');
  const asked: HostAsked = {
    host,
    config,
    user: await daemonUser(host, config.data_dir),
    hypervisor: {
      version: async () => '7.2.22',
      facts: async () => ({ accelerators: ['kvm', 'tcg'], notes: [] }),
    },
    freeMb: async () => 100_000,
    openFiles: 1024,
    memoryMb: 8192,
    mirrorKeys: undefined,
    node: { path: '/usr/local/bin/node', version: '22.15.0' },
    modules: { 'better-sqlite3': async () => undefined },
    port: async () => 'free',
    ...change.asked,
  };
  const checks = hostChecksFor(kind === 'openbsd' ? 'vmd' : 'qemu', kind);
  const { signal } = new AbortController();
  return {
    asked,
    findings: () => askHost(checks, asked, systemClock, signal),
    finding: async (name) => {
      const check = checks.find((each) => each.name === name);
      if (check === undefined) throw new Error(`Nobody asks for ${name}.`);
      const [found] = await askHost([check], asked, systemClock, signal);
      if (found === undefined) throw new Error(`${name} has no answer.`);
      return found;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
};

/** What is changed about a fit host, and how the question about it is answered then. */
export type Case = readonly [
  question: string,
  when: string,
  change: Change,
  state: 'ok' | 'warn' | 'fail',
  words: RegExp,
  fix?: RegExp,
];

/** One test for each case. */
export const testCases = (kind: 'openbsd' | 'linux', cases: readonly Case[]): void => {
  for (const [question, when, change, state, words, fix] of cases)
    test(`${question} is ${state} when ${when}`, async () => {
      await using shop = await hostShop(kind, change);
      const finding = await shop.finding(question);
      assert.match(finding.message, words);
      assert.equal(finding.state, state, finding.message);
      if (fix) assert.match(finding.fix ?? '', fix);
    });
};
