import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { cleanupStack } from '../src/base/cleanup.ts';
import { FindingsReport } from '../src/host/print-findings.ts';
import { imagedProgram, startImaged } from './fixtures/imaged.ts';
import { hangingQemu } from './fixtures/hanging-qemu.ts';
import { processesIn } from './fixtures/processes.ts';

const tcg = 'accelerator = "tcg"';

const command = (...args: readonly string[]) =>
  new Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>((resolve) => {
    const child = execFile(process.execPath, [imagedProgram, ...args], (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });

/** A folder with a configuration, and the command that is run with it. */
const desk = async (text: string) => {
  const cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'imaged-command-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  const file = join(folder, 'imaged.toml');
  await writeFile(file, `listen = "127.0.0.1:0"\ndata_dir = "${folder}/data"\n${text.replaceAll('FOLDER', folder)}\n`);
  return {
    folder,
    check: (...args: readonly string[]) => command('check', '-f', file, ...args),
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};

const hanging = async (folder: string): Promise<void> => {
  await writeFile(join(folder, 'vmctl'), `#!/bin/sh\necho $$ >>${folder}/pids\nexec sleep 300\n`);
  await chmod(join(folder, 'vmctl'), 0o755);
};

test('imaged check gives one line each, and 0 when nothing fails', async () => {
  await using at = await desk(`[hypervisor.qemu]\n${tcg}`);
  const { code, stdout, stderr } = await at.check();
  assert.deepEqual([code, stderr], [0, ''], stdout);
  for (const line of stdout.trimEnd().split('\n')) assert.match(line, /^(ok {2}|warn)  [a-z-]+ +\S/);
  assert.deepEqual(await readdir(at.folder), ['imaged.toml'], 'it made something');
});

test('imaged check says of each old key what to write instead, and warns only', async () => {
  await using at = await desk(`[hypervisor]\n${tcg}`);
  const { code, stdout } = await at.check();
  assert.equal(code, 0, stdout);
  assert.match(
    stdout,
    /^warn  configuration +hypervisor\.accelerator is the old form of hypervisor\.qemu\.accelerator/m,
  );
});

test('the daemon warns once of each old key at its start, and goes by it', async () => {
  await using imaged = await startImaged({ media: {}, tables: `[hypervisor]\n${tcg}\nqemu_img = "qemu-img"` });
  const told = imaged.lines().filter((line) => line.includes('is the old form of'));
  assert.deepEqual(
    told.map((line) => /hypervisor\.\w+ is the old form of hypervisor\.qemu\.\w+/.exec(line)?.[0]),
    ['accelerator', 'qemu_img'].map((key) => `hypervisor.${key} is the old form of hypervisor.qemu.${key}`),
  );
});

test('imaged check probes for acceleration with a guest of its own, and leaves nothing of it', async () => {
  await using at = await desk('[hypervisor.qemu]\naccelerator = "auto"');
  const { stdout } = await at.check();
  assert.match(stdout, /^(ok {2}|warn)  accelerators +guests run under /m);
  assert.deepEqual(await readdir(at.folder), ['imaged.toml']);
});

test('imaged check ends with 1 when something fails, and says what to type', async () => {
  await using at = await desk(`[hypervisor.qemu]\n${tcg}\nqemu_img = "/nowhere/qemu-img"`);
  const { code, stdout } = await at.check();
  assert.equal(code, 1);
  assert.match(stdout, /^fail  qemu-img +qemu-img is not installed\. To fix it: install qemu-img/m);
});

test('imaged check --json says the same as a document', async () => {
  await using at = await desk(`[hypervisor.qemu]\n${tcg}\nqemu_img = "/nowhere/qemu-img"`);
  const [lines, { code, stdout }] = [await at.check(), await at.check('--json')];
  assert.equal(code, 1);
  const report = z.strictObject(FindingsReport.shape).parse(JSON.parse(stdout));
  assert.equal(report.fit, false);
  assert.deepEqual(
    report.checks.map(({ name, state }) => [state, name]),
    lines.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ +/).slice(0, 2)),
  );
});

test('imaged check ends though vmctl hangs, and leaves no program behind', async () => {
  await using at = await desk('[hypervisor]\ntype = "vmd"\n[hypervisor.vmd]\nvmctl = "FOLDER/vmctl"');
  await hanging(at.folder);
  const began = performance.now();
  const { code, stdout } = await at.check();
  assert.ok(performance.now() - began < 12_000, 'it hung');
  assert.equal(code, 1);
  const pids = (await readFile(join(at.folder, 'pids'), 'utf8')).trimEnd().split('\n');
  // What has gone has no command line, even before anybody has taken note of it.
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  assert.deepEqual(lines.join(''), '', 'a program was left behind');
  assert.match(stdout, /^fail  vmd .*vmctl did not answer within 5 s\./m);
});

test('imaged check --fix-print prints the files and changes nothing', async () => {
  await using at = await desk('[hypervisor.vmd]\nendpoint_port = 9000');
  const before = await stat(at.folder);
  const { code, stdout } = await at.check('--fix-print');
  assert.equal(code, 0);
  assert.match(stdout, /^# \/etc\/vm\.conf /);
  assert.match(stdout, /port 80 rdr-to 127\.0\.0\.1 port 9000$/m);
  assert.match(stdout, new RegExp(`-f ${at.folder}/imaged\\.toml`));
  assert.match(stdout, new RegExp(`install -d .* ${at.folder}/data$`, 'm'));
  assert.equal((await stat(at.folder)).mtimeMs, before.mtimeMs);
});

test('a configuration that is wrong is one line and exit 1, and --json does not go with --fix-print', async () => {
  await using at = await desk('workrs = 2');
  const { code, stderr } = await at.check();
  assert.equal(code, 1);
  assert.match(stderr, /^imaged: \S+: workrs: there is no such key/);
  await using other = await desk('');
  assert.match((await other.check('--json', '--fix-print')).stderr, /takes --json or --fix-print, not both/);
});

test('without a configuration at its usual place that is what fails, and the rest goes by the defaults', async (t) => {
  if (existsSync('/etc/imaged.toml')) return t.skip('this host has an imaged of its own');
  const { code, stdout } = await command('check', '--json');
  assert.equal(code, 1);
  const [first, ...rest] = FindingsReport.parse(JSON.parse(stdout)).checks;
  assert.deepEqual([first?.name, first?.state], ['configuration', 'fail']);
  assert.ok(rest.length > 5);
});

const Ready = z.object({
  ready: z.boolean(),
  checks: z.array(z.strictObject({ name: z.string(), state: z.string(), message: z.string() })),
});

test('/readyz and /host show what was found; what fails makes the host unready', async () => {
  await using imaged = await startImaged({
    media: {},
    tables: `[hypervisor.qemu]\n${tcg}\nqemu_img = "/nowhere/qemu-img"`,
  });
  const first = Ready.parse(await (await imaged.call('/readyz')).json());
  assert.equal(first.checks.at(-1)?.name, 'host', 'nobody waits for the first look');
  // /host waits until everything has been answered.
  const host = z.looseObject({ checks: Ready.shape.checks }).parse(await (await imaged.call('/host')).json());
  assert.deepEqual(
    host.checks.filter(({ state }) => state === 'fail'),
    [{ name: 'qemu-img', state: 'fail', message: 'qemu-img is not installed' }],
  );
  const reply = await imaged.call('/readyz');
  assert.equal(reply.status, 503);
  const names = Ready.parse(await reply.json()).checks.map(({ name }) => name);
  assert.deepEqual(names.slice(0, 4), ['store', 'hypervisor', 'disk', 'daemon']);
  assert.equal(new Set(names).size, names.length, 'something was judged twice');
});

test('a warning leaves the host ready', async () => {
  await using imaged = await startImaged({
    media: {},
    tables: `[hypervisor]\nallow_outgoing = true\n[hypervisor.qemu]\n${tcg}`,
    env: { PATH: '/usr/bin:/bin' },
  });
  await imaged.call('/host');
  const reply = await imaged.call('/readyz');
  const { checks } = Ready.parse(await reply.json());
  assert.ok(checks.some(({ state }) => state === 'warn') || process.getuid?.() !== 0, 'root is warned');
  assert.equal(reply.status, 200, JSON.stringify(checks));
});

test('/readyz is quick though a program of the host hangs', async () => {
  await using at = await desk('');
  await writeFile(join(at.folder, 'qemu-img'), '#!/bin/sh\nexec sleep 300\n');
  await chmod(join(at.folder, 'qemu-img'), 0o755);
  await using imaged = await startImaged({
    media: {},
    tables: `[hypervisor.qemu]\n${tcg}\nqemu_img = "${at.folder}/qemu-img"`,
  });
  await imaged.call('/readyz');
  const began = performance.now();
  const reply = await imaged.call('/readyz');
  assert.equal(reply.status, 200);
  assert.ok(performance.now() - began < 1_000, 'it waited for the program');
});

test('a check that is interrupted leaves nothing, and what one left that was killed goes with a later one', async (t) => {
  await using at = await desk('[hypervisor.qemu]\nbinary = "FOLDER/qemu"');
  await hangingQemu(at.folder);
  const temporary = join(at.folder, 'tmp');
  await mkdir(temporary);
  const argv = [imagedProgram, 'check', '-f', join(at.folder, 'imaged.toml')];
  const begin = async () => {
    const env = { ...process.env, TMPDIR: temporary };
    const child = spawn(process.execPath, argv, { env, stdio: 'ignore', timeout: 60_000 });
    const ended = once(child, 'exit');
    const end = async (signal?: NodeJS.Signals) => {
      if (signal) child.kill(signal);
      await ended;
    };
    return { end };
  };
  const guests = async () => (await processesIn(temporary)).filter((words) => words.startsWith('qemu-system'));
  const left = async () => ({ folders: await readdir(temporary), guests: (await guests()).length });

  const first = await begin();
  while ((await guests()).length === 0) t.signal.throwIfAborted();
  await first.end('SIGINT');
  assert.deepEqual(await left(), { folders: [], guests: 0 });

  const second = await begin();
  while ((await guests()).length === 0) t.signal.throwIfAborted();
  await second.end('SIGKILL');
  const [folder = ''] = await readdir(temporary);
  assert.equal((await guests()).length, 1);
  await utimes(join(temporary, folder), new Date(0), new Date(0));
  await (await begin()).end();
  assert.deepEqual(await left(), { folders: [], guests: 0 });
});
