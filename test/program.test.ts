import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { startDetached } from '../src/base/process/start-detached.ts';
import { runProgram } from '../src/base/program.ts';
import { needNode } from '../src/base/package.ts';
import { ptyLine } from '../src/vmm/vmd/pty-line.ts';
import { storeShop } from './store-shop.ts';

const on = () => new AbortController().signal;

test('no program that is started has the environment or a descriptor of the daemon', async () => {
  await using left = cleanupStack();
  process.env['IMAGED_TEST_SECRET'] = 'marked';
  left.defer(() => void delete process.env['IMAGED_TEST_SECRET']);
  const folder = await mkdtemp(join(tmpdir(), 'program-'));
  left.defer(() => rm(folder, { recursive: true }));
  const look = 'env; ls -l /proc/self/fd';
  const filesOf = (text: string) => [...text.matchAll(/ \d+ -> '?([^\r\n']+)/g)].map(([, file = '']) => file);
  // What this process was given itself, by whoever runs the tests.
  const given = filesOf((await runProgram('/bin/sh', ['-c', look], { signal: on() })).stdout);
  // As a daemon has them: databases and a listener.
  left.keep(await storeShop());
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  left.defer(() => void server.close());

  const logFile = join(folder, 'detached');
  const detached = await startDetached('/bin/sh', ['-c', look], logFile);
  assert.equal((await detached.exited).exitCode, 0);
  const inTerminal: string[] = [];
  const terminal = left.keep(ptyLine('/bin/sh', ['-c', look], { clock: systemClock }));
  for await (const bytes of terminal.bytes) inTerminal.push(Buffer.from(bytes).toString());
  const { stdout } = await runProgram('/bin/sh', ['-c', look], { signal: on() });

  for (const [how, text] of [['run', stdout], ['detached', await readFile(logFile, 'utf8')], ['terminal', inTerminal.join('')]] as const) {
    const names = [...text.matchAll(/^([A-Z_]+)=/gm)].map(([, name = '']) => name);
    const usual = ['PATH', 'LC_ALL', 'TERM', 'PWD', 'OLDPWD', 'SHLVL', '_'];
    assert.deepEqual(names.filter((name) => !usual.includes(name)), [], how);
    assert.ok(names.includes('PATH') && names.includes('LC_ALL'), how);
    // Its three streams are pipes, sockets, /dev/null, a terminal or a file of the test's; ls(1) reads a folder.
    const isStream = (file: string) => /^(\/proc\/\d+\/fd|\/dev\/(null|pts\/\d+)|(pipe|socket):\[\d+\])$/.test(file);
    assert.deepEqual(filesOf(text).filter((file) => !isStream(file) && !given.includes(file) && file !== logFile), [], how);
    assert.ok(filesOf(text).length <= given.length, `${how}: ${filesOf(text).join()}`);
  }
}); // prettier-ignore

test('lines come with their program held back: it prints no more than is taken', async () => {
  let taken = 0;
  const enough = new AbortController();
  const running = runProgram('/bin/sh', ['-c', 'exec yes "a line of it"'], {
    signal: enough.signal,
    onLines: async (lines) => {
      taken += lines.length;
      await systemClock.sleep(200, enough.signal);
    },
  });
  const ended = assert.rejects(running, /enough/);
  await systemClock.sleep(1000, on());
  enough.abort(new Error('enough'));
  await ended;
  assert.ok(taken > 0 && taken < 200_000, `${taken} lines were taken`);
});

test('what the taking of lines throws ends the program and is what its caller gets', async () => {
  const running = runProgram('/bin/sh', ['-c', 'echo one; exec sleep 1000'], {
    signal: on(),
    onLines: () => {
      throw new RangeError('no more');
    },
  });
  await assert.rejects(running, new RangeError('no more'));
});

test('a line without end comes in pieces, and a character that is cut between them comes whole', async () => {
  const lines: string[] = [];
  const command = `printf 'x%.0s' $(seq 1 40000); printf '\\303'; sleep 0.2; printf '\\274\\r\\nend'`;
  await runProgram('/bin/sh', ['-c', command], { signal: on(), onLines: (all) => void lines.push(...all) });
  assert.equal(lines.join(''), `${'x'.repeat(40_000)}üend`);
  assert.ok(lines.every(({ length }) => length <= 16 * 1024));
  assert.equal(lines.at(-1), 'end');
});

test('a Node that is too old is named with the one that is needed, and no newer one is', () => {
  for (const old of ['v20.20.2', 'v22.14.0', 'v9.99.0'])
    assert.throws(() => needNode(old), {
      code: 'program_missing',
      message: `imaged needs Node 22.15 or newer, and this is Node ${old.slice(1)}.`,
    });
  for (const fit of ['v22.15.0', 'v22.100.1', 'v24.0.0', 'v100.1.0']) needNode(fit);
});
