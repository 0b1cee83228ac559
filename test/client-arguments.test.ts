import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { isErrno } from '../src/base/errno.ts';
import { clientTypes, contractFile } from '../script/client-types.ts';
import { completionFor } from '../src/client/args/completion.ts';
import { commands, type CommandRow } from '../src/client/args/commands.ts';
import { countFrom } from '../src/client/args/numbers.ts';
import { readArguments } from '../src/client/args/read.ts';
import { ClientError } from '../src/client/client-error.ts';
import { imagectl } from './fixtures/imagectl.ts';

const run = promisify(execFile);

const refusedAs = (pattern: RegExp) => (error: unknown) =>
  error instanceof ClientError && error.ending === 'usage' && pattern.test(error.message);

test('the types of the calls are those of openapi.yaml', async () => {
  assert.equal(await readFile(contractFile, 'utf8'), await clientTypes());
});

test('options stand in front of the command and behind it', () => {
  const { command, operands, values } = readArguments([
    '--host',
    'lab',
    'build',
    '-v',
    'a=1',
    'dir',
    '-v',
    'b=2',
    '-d',
  ]);
  assert.deepEqual([command, operands], ['build', ['dir']]);
  assert.deepEqual({ ...values }, { host: 'lab', variable: ['a=1', 'b=2'], detach: true });
});

test('what is no command line is refused with what to type', () => {
  assert.throws(() => readArguments(['bulid']), refusedAs(/did you mean "build"/));
  assert.throws(() => readArguments(['build', '--colour']), refusedAs(/--colour[^]*usage: imagectl build/));
  assert.throws(() => readArguments(['cancel']), refusedAs(/usage: imagectl cancel/));
  assert.throws(() => readArguments(['list', 'x']), refusedAs(/list takes no "x"/));
  assert.throws(() => readArguments(['build', '--cache', 'maybe']), refusedAs(/auto, off, only/));
  assert.throws(() => readArguments(['build', '--cach', 'off']), refusedAs(/--cach is an unknown option: did you mean --cache\?/)); // prettier-ignore
  assert.throws(() => readArguments(['list', '-n']), refusedAs(/^-n needs a value: -n number\./));
  assert.throws(() => readArguments(['list', '-n', '-3']), refusedAs(/^-n needs a value, and "-3" looks like an option.* --limit=-3\./)); // prettier-ignore
  assert.throws(() => readArguments(['list', '--json=yes']), refusedAs(/^--json takes no value, and has "yes"\./));
  assert.throws(() => readArguments(['list', '--status', 'done']), refusedAs(/queued, running, held, succeeded/));
  assert.throws(() => readArguments(['help', 'bulid']), refusedAs(/did you mean "build"/));
  assert.throws(() => readArguments(['version', 'x']), refusedAs(/version takes no "x"/));
  assert.throws(() => countFrom('0', 'limit'), refusedAs(/^--limit is 0: write a number from 1\.$/));
});

test('options in all their forms are read: together, with their value behind them, and behind --', () => {
  assert.deepEqual({ ...readArguments(['list', '-n3', '--json']).values }, { limit: '3', json: true });
  assert.deepEqual({ ...readArguments(['list', '--limit=-3']).values }, { limit: '-3' });
  assert.deepEqual(readArguments(['build', '--', '-d']).operands, ['-d']);
  assert.equal(readArguments(['--version']).command, 'version');
});

test('a wrong command line ends with 2, and so does one without a host', async () => {
  const wrong = await imagectl(['bulid']);
  assert.deepEqual([wrong.code, wrong.stdout], [2, '']);
  const nowhere = await imagectl(['list']);
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.stderr, /IMAGED_URL.*imagectl login/);
});

test('help names every command, and that of a command every option', async () => {
  const { stdout, code } = await imagectl(['help']);
  assert.equal(code, 0);
  for (const name of Object.keys(commands)) assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
  const build = await imagectl(['build', '--help']);
  for (const option of commands.build.options) assert.match(build.stdout, new RegExp(`--${option}\\b`));
});

test('every shell that is here takes its completion, and bash completes commands and options', async () => {
  for (const shell of ['sh', 'bash', 'ksh', 'zsh', 'fish'] as const)
    await run(shell, ['-n', '-c', completionFor(shell)]).catch((error: unknown) => {
      if (!isErrno(error, 'ENOENT')) throw error;
    });
  const complete = (line: string, words: readonly string[]) =>
    run('bash', ['-c', `${completionFor('bash')}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _imagectl; printf '%s ' "\${COMPREPLY[@]}"`]); // prettier-ignore
  assert.equal((await complete('imagectl con', ['imagectl', 'con'])).stdout, 'console ');
  assert.equal((await complete('imagectl --host lab can', ['imagectl', '--host', 'lab', 'can'])).stdout, 'cancel ');
  assert.equal((await complete('imagectl help arti', ['imagectl', 'help', 'arti'])).stdout, 'artifacts ');
  assert.equal((await complete('imagectl build --on-error h', ['', '', '', 'h'])).stdout, 'hold ');
  assert.equal((await complete('imagectl list --status = s', ['', '', '', '', 's'])).stdout, 'succeeded ');
  assert.equal((await complete('imagectl list --status =', ['', '', '', '='])).stdout, 'queued running held succeeded failed cancelled '); // prettier-ignore
  assert.equal((await complete('imagectl build --var-file q', ['', '', '', 'q'])).stdout, ' ');
  assert.equal((await complete('imagectl log --f', ['imagectl', 'log', '--f'])).stdout, '--follow ');
});

test('fish completes commands, values and files where each is due', async (context) => {
  const complete = (line: string) =>
    run('fish', ['--no-config', '-c', `${completionFor('fish')}\ncomplete -C $argv[1]`, line]);
  const first = await complete('imagectl --host lab can').catch((error: unknown) => {
    if (!isErrno(error, 'ENOENT')) throw error;
  });
  if (first === undefined) {
    context.skip('fish is not installed here');
    return;
  }
  assert.match(first.stdout, /^cancel\t/);
  assert.deepEqual((await complete('imagectl build --on-error h')).stdout.split('\t')[0], 'hold');
  assert.equal((await complete('imagectl list /')).stdout, '');
  assert.match((await complete('imagectl build /us')).stdout, /^\/usr\//);
});

test('every shell is told every command', () => {
  for (const shell of commands.completion.words)
    for (const name of Object.keys(commands)) assert.match(completionFor(shell), new RegExp(`\\b${name}\\b`), shell);
});

test('no command has an option that its row does not say, or a short form twice', () => {
  for (const [name, row] of Object.entries<CommandRow>(commands))
    assert.equal(new Set(row.options).size, row.options.length, name);
});
