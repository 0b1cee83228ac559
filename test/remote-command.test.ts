import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanupStack } from '../src/base/cleanup.ts';
import { untilMark } from '../src/guest/ssh/own-output.ts';
import { ownInput, ownLine } from '../src/guest/ssh/own-shell.ts';
import { remoteInput, remoteLine } from '../src/guest/ssh/remote-command.ts';
import { shellQuoted } from '../src/base/text/shell.ts';
import { runProgram, type Input } from '../src/base/program.ts';
import { on } from './ssh-server.ts';
import { runs } from './fixtures/long.ts';

// OpenBSD's ksh has no printf of its own, as mksh has none; busybox is what the small test system has.
const shells = ['/bin/dash', '/bin/mksh', '/bin/bash', '/bin/busybox', '/bin/zsh'].filter(existsSync);

/** The guest's `sh` is the shell, and so is its login shell. */
const guestOf = async (shell: string) => {
  const left = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'shell-'));
  left.defer(() => rm(folder, { recursive: true }));
  const words = shell.endsWith('busybox') ? `${shell} ash` : shell;
  await writeFile(join(folder, 'sh'), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  // bash(1) reads its owner's .bashrc where its input is a socket, as it is here.
  const env = { HOME: folder, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
  return {
    ...{ folder, env },
    run: async (command: string, input: Input = '') => {
      const ran = await runProgram('sh', ['-c', remoteLine], { signal: on(), env, accept: 'any', input: remoteInput('MARK', command, input) }); // prettier-ignore
      assert.ok(ran.stdout.startsWith('MARK:\n'), ran.stdout);
      return { ...ran, stdout: ran.stdout.slice('MARK:\n'.length) };
    },
    [Symbol.asyncDispose]: () => left[Symbol.asyncDispose](),
  };
};

test('there are shells to try', () => assert.ok(shells.length >= 3, shells.join()));

for (const shell of shells) {
  test(`${shell} runs any command as it was sent, and leaves it the rest of its input`, async () => {
    await using guest = await guestOf(shell);
    const text = fc.string({ unit: 'grapheme', maxLength: 300 }).filter((one) => !one.includes('\0'));
    await fc.assert(
      fc.asyncProperty(text, text, async (argument, input) => {
        const { stdout, exitCode } = await guest.run(`printf '%s\\n' ${shellQuoted(argument)}; cat`, input);
        assert.deepEqual({ stdout, exitCode }, { stdout: `${argument}\n${input}`, exitCode: 0 });
      }),
      runs(100),
    );
    const controls = Buffer.from(Array.from({ length: 255 }, (_, byte) => byte + 1)).toString('latin1');
    for (const argument of [controls, '\n\n', ' \t\n ', '\\n\\0101%s', '-n', '!!', "'"])
      assert.equal((await guest.run(`printf %s ${shellQuoted(argument)}`)).stdout, argument);
  });

  test(`${shell} tells a command's own exit code from that of a connection that broke`, async () => {
    await using guest = await guestOf(shell);
    for (const code of [0, 1, 77, 254])
      assert.deepEqual(await guest.run(`exit ${code}`), { stdout: '', stderr: '', exitCode: code });
    assert.deepEqual(await guest.run('exit 255'), { stdout: '', stderr: 'MARK\n', exitCode: 255 });
    assert.equal((await guest.run('kill -9 $$')).exitCode, 137);
    assert.notEqual((await guest.run('if')).exitCode, 0);
    const cut = await runProgram('sh', ['-c', remoteLine], {
      signal: on(),
      accept: 'any',
      input: 'MARK\n3\necho no\n',
    });
    assert.deepEqual([cut.stdout, cut.exitCode], ['MARK:\n', 255]);
  });

  test(`${shell} has the command in no list of processes and no environment`, async () => {
    await using guest = await guestOf(shell);
    // Another run of this test may be under way on this host.
    const secret = `marked-${randomBytes(4).toString('hex')}`;
    const { stdout } = await guest.run(
      `SECRET='${secret}' sh -c 'cat /proc/[0-9]*/cmdline /proc/$PPID/environ' 2>/dev/null | tr '\\0' '\\n'; echo "$PPID"`,
    );
    assert.match(stdout, /IFS= read -r imaged_m/, 'it looked');
    assert.ok(!stdout.includes(secret), 'the command is to be seen');
  });
}

for (const shell of shells) {
  /** The guest's shell for imaged's own scripts, and what it printed when it had got this input. */
  const own = async (...inputs: readonly Uint8Array[]) => {
    await using guest = await guestOf(shell);
    const { folder, env } = guest;
    return {
      folder,
      ...(await runProgram('sh', ['-c', ownLine], { signal: on(), env, accept: 'any', input: inputs })),
    };
  };

  test(`${shell} runs one script of imaged's own after the other, and says how each ended`, async () => {
    const scripts = ['echo one; exit 3', 'cat; echo two >&2', 'set -e; false; echo never', `printf '%s' "a'b\\c"`, 'cd /; kill -9 $(exec sh -c "echo \\$PPID")']; // prettier-ignore
    const inputs = scripts.map((script, at) => ownInput(script, `MARK${at}`, 'none'));
    const { stdout, stderr } = await own(...inputs);
    assert.deepEqual(stdout.split('\n'), [
      ...['MARK0:', 'one', 'MARK0 3', 'MARK1:', 'MARK1 0', 'MARK2:', 'MARK2 1'],
      ...['MARK3:', "a'b\\cMARK3 0", 'MARK4:', 'MARK4 137', ''],
    ]);
    assert.deepEqual(
      stderr.split('\n').filter((line) => !/killed/i.test(line)),
      ['MARK0', 'two', 'MARK1', 'MARK2', 'MARK3', 'MARK4', ''],
    );
  });

  test(`${shell} leaves a script of imaged's own what it is answered, and runs nothing of one that has not come whole`, async () => {
    await using guest = await guestOf(shell);
    const input = new PassThrough();
    input.write(ownInput('echo asked; read -r word; echo "it was $word"', 'MARK', 'answered'));
    let said = '';
    const onBytes = (bytes: Uint8Array) => {
      said += Buffer.from(bytes).toString();
      // Only then: a shell may read ahead of what it runs.
      if (said === 'MARK:\nasked\n') input.end('said\n');
    };
    await runProgram('sh', ['-c', ownLine], { signal: on(), env: guest.env, accept: 'any', input, onBytes });
    assert.equal(said, 'MARK:\nasked\nit was said\nMARK 0\n');
    const whole = ownInput('echo one\necho two', 'MARK', 'none');
    for (const bytes of [3, 10, 20, whole.length - 4]) assert.equal((await own(whole.subarray(0, bytes))).stdout, '');
  });
}

test("what a shell prints for a script of imaged's own is told at once, to the mark behind it, however its bytes come", async () => {
  const bytes = Buffer.from('one\nimaged-ma\nlast imaged-mark 7\n');
  for (const size of [1, 2, 5, bytes.length]) {
    const [lines, raw, codes]: [string[], Uint8Array[], number[]] = [[], [], []];
    const inLines = untilMark('imaged-mark', { onLines: (said) => void lines.push(...said) }, (code) =>
      codes.push(code),
    );
    const onBytes = (said: Uint8Array) => void raw.push(said);
    const asBytes = untilMark('imaged-mark', { onLines: () => undefined, onBytes }, (code) => codes.push(code));
    for (let at = 0; at < bytes.length; at += size)
      for (const take of [inLines, asBytes]) await take(bytes.subarray(at, at + size));
    assert.deepEqual(
      [lines, codes],
      [
        ['one', 'imaged-ma', 'last '],
        [7, 7],
      ],
    );
    assert.equal(Buffer.concat(raw).toString(), 'one\nimaged-ma\nlast ');
  }
  const early: string[] = [];
  await untilMark('imaged-mark', { onLines: () => undefined, onBytes: (said) => void early.push(Buffer.from(said).toString()) }, () => undefined)(Buffer.from('x 0\n')); // prettier-ignore
  assert.deepEqual(early, ['x 0\n']);
});

test('what a guest goes on with behind the mark is not kept: a code without end is none', async () => {
  const codes: number[] = [];
  const take = untilMark('imaged-mark', { onLines: () => undefined }, (code) => codes.push(code));
  await take(Buffer.from('imaged-mark '));
  for (let n = 0; n < 100; n++) await take(Buffer.alloc(1000, '7'));
  await take(Buffer.from('\n'));
  await untilMark('imaged-mark', { onLines: () => undefined }, (code) => codes.push(code))(Buffer.from('imaged-mark 9999\n')); // prettier-ignore
  assert.deepEqual(codes, []);
});

test('a command of half a megabyte in thousands of lines comes whole, and within seconds', async () => {
  await using guest = await guestOf('/bin/dash');
  const lines = Array.from({ length: 2500 }, (_, n) => `: ${'x'.repeat(200)} ${n}`);
  const began = performance.now();
  const { stdout, exitCode } = await guest.run([...lines, 'wc -c; exit 3'].join('\n'), 'input');
  assert.deepEqual([stdout.trim(), exitCode], ['5', 3]);
  assert.ok(performance.now() - began < 10_000, `it took ${performance.now() - began} ms`);
});

test('nothing in the line means something else to csh(1) or fish(1)', () => {
  assert.match(remoteLine, /^exec sh -c '[^'\\!\n]+' sh '[^'\\!\n]+'$/);
  // csh(1) of OpenBSD takes words of 1024 characters.
  for (const word of remoteLine.split("'")) assert.ok(word.length < 1000);
});
