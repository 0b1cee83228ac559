import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { defaultConfiguration } from '../src/cli/arguments.ts';
import { imagedProgram } from './fixtures/imaged.ts';
import { processesIn } from './fixtures/processes.ts';

const top = fileURLToPath(new URL('../../', import.meta.url));

type Said = { readonly code: number; readonly stdout: string; readonly stderr: string };

const run = (file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Said> =>
  new Promise((resolve) => {
    const child = execFile(file, args, { env }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });

type Host = AsyncDisposable & {
  readonly folder: string;
  readonly configuration: string;
  /** Writes the configuration: what is the test's own, then a free port and a folder of its own. */
  readonly configure: (lines: string, file?: string) => Promise<void>;
  /** What `rcctl set imaged ...` leaves in rc.conf.local. */
  readonly set: (lines: string) => Promise<void>;
  readonly rc: (...args: readonly string[]) => Promise<Said>;
  /** How many daemons run here. */
  readonly daemons: () => Promise<number>;
  /** What the daemon said to the logger. */
  readonly messages: () => Promise<string>;
  /** Waits until the daemon has said this, once more than `before` times. Gives the last line with it. */
  readonly heard: (text: string, before?: number) => Promise<string>;
};

/** rc.d/imaged as it is installed, on a host whose paths are a folder's. */
const host = async (): Promise<Host> => {
  const folder = await mkdtemp(join(tmpdir(), 'imaged-rc-'));
  const configuration = join(folder, 'imaged.conf');
  const script = join(folder, 'imaged');
  const installed = await readFile(join(top, 'rc.d/imaged'), 'utf8');
  const moved = [
    ['/etc/rc.d/rc.subr', join(top, 'test/fixtures/rc.subr')],
    ['/usr/local/bin/node', process.execPath],
    ['/usr/local/lib/imaged/', top],
    ['/etc/imaged.conf', configuration],
  ] as const;
  for (const [from] of moved) assert.equal(installed.split(from).length, 2, `rc.d/imaged names ${from} once`);
  await writeFile(
    script,
    moved.reduce((text, [from, to]) => text.replace(from, to), installed),
  );
  await chmod(script, 0o555);

  const env = { PATH: process.env['PATH'], RC_ROOT: folder };
  const rc = (...args: readonly string[]) => run('mksh', [script, ...args], env);
  const messages = () => readFile(join(folder, 'messages'), 'utf8').catch(() => '');
  return {
    folder,
    configuration,
    rc,
    messages,
    daemons: async () => (await processesIn(folder)).filter((line) => line.includes('main.js serve -f ')).length,
    configure: (lines, file = configuration) =>
      writeFile(file, `listen = "127.0.0.1:0"\ndata_dir = "${folder}/data"\n${lines}\n`),
    set: (lines) => writeFile(join(folder, 'rc.conf.local'), lines),
    heard: async (text, before = 0) => {
      for (const until = performance.now() + 20_000; ;) {
        const lines = (await messages()).split('\n').filter((line) => line.includes(text));
        const last = lines.at(-1);
        if (last !== undefined && lines.length > before) return last;
        assert.ok(performance.now() < until, `"${text}" was not said:\n${await messages()}`);
        await sleep(20);
      }
    },
    async [Symbol.asyncDispose]() {
      await rc('stop');
      // The reader of the log ends when it has read the daemon's last line.
      let left = await processesIn(folder);
      for (const until = performance.now() + 10_000; left.length > 0 && performance.now() < until;) {
        await sleep(20);
        left = await processesIn(folder);
      }
      await rm(folder, { recursive: true });
      assert.deepEqual(left, [], 'processes outlived the service');
    },
  };
};

const ok = { code: 0, stdout: 'imaged(ok)\n', stderr: '' };
const failed = { code: 1, stdout: 'imaged(failed)\n', stderr: '' };
const nothing = { code: 0, stdout: '', stderr: '' };

const addressIn = (line: string): string => z.object({ address: z.string() }).parse(JSON.parse(line)).address;

const mediaOf = async (address: string, token: string): Promise<unknown> => {
  const reply = await fetch(new URL('/host', address), { headers: { authorization: `Bearer ${token}` } });
  return z.object({ media: z.array(z.string()) }).parse(await reply.json()).media;
};

test('the service starts once, is there, and stops in time with nothing left', async () => {
  await using openbsd = await host();
  await openbsd.configure('');
  assert.deepEqual(await openbsd.rc('check'), failed);
  assert.deepEqual(await openbsd.rc('start'), ok);
  await openbsd.heard('imaged is ready');
  assert.deepEqual(await openbsd.rc('check'), ok);
  assert.equal(await openbsd.daemons(), 1);
  assert.deepEqual(await openbsd.rc('start'), nothing, 'a second start finds it and does nothing');
  assert.equal(await openbsd.daemons(), 1);

  const began = performance.now();
  assert.deepEqual(await openbsd.rc('stop'), ok);
  assert.ok(performance.now() - began < 20_000);
  await openbsd.heard('"stopped"');
  assert.deepEqual(await openbsd.rc('check'), failed);
  assert.deepEqual(await openbsd.rc('stop'), nothing);
});

test('reload makes the running daemon read its file again, and is refused while the file is wrong', async () => {
  await using openbsd = await host();
  await openbsd.configure('');
  assert.deepEqual(await openbsd.rc('reload'), failed, 'nothing runs');
  assert.deepEqual(await openbsd.rc('start'), ok);
  const address = addressIn(await openbsd.heard('imaged is ready'));
  const minted = await run(
    process.execPath,
    [imagedProgram, 'token', 'add', '-s', 'admin', '-f', openbsd.configuration, 'test'],
    {},
  );
  const token = minted.stdout.trim();
  assert.deepEqual(await mediaOf(address, token), []);

  await openbsd.configure('[media]\nsets = "/usr"');
  assert.deepEqual(await openbsd.rc('reload'), ok);
  await openbsd.heard('read the configuration again');
  assert.deepEqual(await mediaOf(address, token), ['sets']);

  await openbsd.configure('workrs = 2');
  assert.deepEqual(await openbsd.rc('reload'), failed);
  assert.deepEqual(await openbsd.rc('restart'), { ...failed, stdout: '(failed)\n' });
  assert.deepEqual(await openbsd.rc('check'), ok, 'the daemon goes on with what it has');
  assert.deepEqual(await mediaOf(address, token), ['sets']);
});

test('a start with a wrong configuration fails, and the log has one line that says why', async () => {
  await using openbsd = await host();
  await openbsd.configure('workrs = 2');
  assert.deepEqual(await openbsd.rc('start'), failed);
  assert.equal(
    await openbsd.messages(),
    `imaged: ${openbsd.configuration}: workrs: there is no such key; did you mean "workers"?\n`,
  );
  assert.deepEqual(await openbsd.rc('configtest'), failed);
  await openbsd.configure('');
  assert.deepEqual(await openbsd.rc('configtest'), ok);
  assert.equal(
    (await openbsd.messages()).trimEnd().split('\n').length,
    2,
    'a configuration that is right is not logged',
  );
});

test('restart ends one daemon and starts another on the same store', async () => {
  await using openbsd = await host();
  await openbsd.configure('');
  assert.deepEqual(await openbsd.rc('start'), ok);
  const first = addressIn(await openbsd.heard('imaged is ready'));
  assert.deepEqual(await openbsd.rc('restart'), { code: 0, stdout: 'imaged(ok)\nimaged(ok)\n', stderr: '' });
  const second = addressIn(await openbsd.heard('imaged is ready', 1));
  await assert.rejects(fetch(new URL('/healthz', first)));
  assert.equal((await fetch(new URL('/healthz', second))).status, 200);
});

test('flags that rcctl has set name another file, whatever letters it has, and stop finds the daemon by the old ones', async () => {
  await using openbsd = await host();
  const other = join(openbsd.folder, 'c++.[1].conf');
  await openbsd.configure('', other);
  await openbsd.set(`imaged_flags=-f ${other}\n`);
  assert.deepEqual(await openbsd.rc('start'), ok);
  await openbsd.heard('imaged is ready');
  assert.deepEqual(await openbsd.rc('check'), ok);
  assert.ok((await processesIn(openbsd.folder)).some((line) => line.includes(`serve -f ${other}`)));

  await openbsd.set('imaged_flags=-f /etc/imaged-next.conf\n');
  assert.deepEqual(await openbsd.rc('check'), ok);
  assert.deepEqual(await openbsd.rc('stop'), ok);
  assert.deepEqual(await openbsd.rc('check'), failed);
});

test('a service that rcctl has disabled does not start', async () => {
  await using openbsd = await host();
  await openbsd.configure('');
  await openbsd.set('imaged_flags=NO\n');
  const { code, stderr } = await openbsd.rc('start');
  assert.equal(code, 1);
  assert.match(stderr, /imaged_flags=NO/);
  assert.deepEqual(await openbsd.rc('-f', 'start'), ok);
  await openbsd.heard('imaged is ready');
});

test('nothing in the daemon changes its process title, by which rc.d finds it', async () => {
  const src = join(top, 'src');
  for (const file of (await readdir(src, { recursive: true })).filter((name) => name.endsWith('.ts')))
    assert.doesNotMatch(await readFile(join(src, file), 'utf8'), /process\.title|process\['title'\]/, file);
});

test('the service and the commands read the same file when nobody names one', async () => {
  const [, flags] = /^daemon_flags="(.*)"$/m.exec(await readFile(join(top, 'rc.d/imaged'), 'utf8')) ?? [];
  assert.equal(flags, `-f ${defaultConfiguration}`);
});
