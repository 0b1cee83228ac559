import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { connectConsole } from '../src/guest/console/connect.ts';
import type { GuestTerminal } from '../src/guest/console/terminal.ts';
import { answerOf } from '../src/guest/answer.ts';
import type { Guest } from '../src/guest/types.ts';
import { localShell } from './fixtures/local-shell.ts';

const on = () => AbortSignal.timeout(60_000);

const shells = [['sh'], ['bash'], ['busybox', 'sh'], ['mksh'], ['ksh']].filter(
  ([program = '', ...args]) => spawnSync(program, [...args, '-c', 'true']).status === 0,
);

const enter = (shell: ReturnType<typeof localShell>) =>
  connectConsole(shell.terminal, { clock: systemClock, timeoutMs: 60_000 }, on());

const talk = async (guest: Guest, command: string, input?: string) => {
  const lines: string[] = [];
  const onLines = (all: readonly string[]) => void lines.push(...all);
  const { exitCode } = await guest.run(command, { onLines, ...(input === undefined ? {} : { input }) }, on());
  return { exitCode, lines };
};

for (const command of shells)
  test(`over its console a guest runs commands and takes and gives files as they are: ${command.join(' ')}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'console-guest-'));
    using shell = localShell(command);
    const guest = await enter(shell);
    assert.deepEqual(await talk(guest, `echo "it's"; printf 'a\\tb\\n\\nunended'; exit 3`), {
      exitCode: 3,
      lines: ["it's", 'a\tb', '', 'unended'],
    });
    assert.deepEqual(await talk(guest, 'echo bad >&2'), { exitCode: 0, lines: ['bad'] });
    assert.deepEqual(await talk(guest, 'true'), { exitCode: 0, lines: [] });
    assert.deepEqual(await talk(guest, 'cat; exit 255', 'x\ny'), { exitCode: 255, lines: ['x', 'y'] });
    const bytes = randomBytes(5000);
    const place = join(folder, 'there');
    await guest.upload({ name: 'file', input: bytes, mode: '0640', existing: 'refuse' }, place, on());
    assert.deepEqual(await readFile(place), bytes);
    assert.equal((await stat(place)).mode & 0o777, 0o640);
    const file = join(folder, 'back');
    assert.deepEqual(await guest.download(place, { file, mostBytes: 10_000 }, on()), { bytes: 5000 });
    assert.deepEqual(await readFile(file), bytes);
    await assert.rejects(guest.download('/dev/zero', { file, mostBytes: 10_000 }, on()), { message: /larger than/ });
    assert.deepEqual(await talk(guest, 'echo on'), { exitCode: 0, lines: ['on'] });
    await assert.rejects(guest.download(join(folder, 'none'), { file, mostBytes: 1 }, on()), { code: 'provisioner_failed', message: /No such file|not found/ }); // prettier-ignore
    await rm(folder, { recursive: true });
  });

for (const lost of ['stands', 'is lost'] as const)
  test(`after a login that its caller had no time left for, the next command logs in by itself: the shell ${lost}`, async () => {
    using shell = localShell(['sh']);
    const guest = await enter(shell);
    if (lost === 'is lost') shell.reset();
    await assert.rejects(guest.reconnect(AbortSignal.abort(new Error('no time left'))), /no time left/);
    assert.deepEqual(await talk(guest, 'echo on'), { exitCode: 0, lines: ['on'] });
    assert.equal(shell.logins(), 2);
  });

/** The same shell, with what `say` puts in the place of a line, as the kernel does that speaks on the same console. */
const interrupted = (terminal: GuestTerminal, say: (line: string) => readonly string[]): GuestTerminal => ({
  ...terminal,
  follow: (onLine) => terminal.follow((line) => say(line).forEach(onLine)),
});

test('what the kernel says on the console in between comes into no download and no answer', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'console-guest-'));
  using shell = localShell(['sh']);
  const noise = '[   12.386933] random: crng init done';
  let cuts = 1;
  const isOfFile = /^[A-Za-z0-9+/]{60,}$/;
  const terminal = interrupted(shell.terminal, (line) => {
    if (!isOfFile.test(line) || line.length === 64) return [noise, line];
    return cuts-- > 0 ? [line.slice(0, 20) + noise, line.slice(20)] : [noise, line, noise];
  });
  const guest = await connectConsole(terminal, { clock: systemClock, timeoutMs: 60_000 }, on());
  const bytes = randomBytes(1000);
  const place = join(folder, 'there');
  await writeFile(place, bytes);
  const file = join(folder, 'back');
  assert.deepEqual(await guest.download(place, { file, mostBytes: 10_000 }, on()), { bytes: 1000 });
  assert.deepEqual(await readFile(file), bytes);
  assert.ok(cuts < 0, 'it was cut once, and read again');
  assert.equal(await answerOf(guest, 'echo 0', on()), '0');
  await rm(folder, { recursive: true });
});

test('neither a command nor what it is given comes back on the console', async () => {
  using shell = localShell(['sh']);
  const guest = await enter(shell);
  await talk(guest, 'cat >/dev/null # hidden-command', 'hidden-input');
  for (const word of ['hidden-command', 'hidden-input']) {
    const encoded = Buffer.from(word).toString('base64').slice(0, 8);
    assert.ok(!shell.said().includes(word) && !shell.said().includes(encoded), word);
  }
});

test('an abort ends the command in the guest, and the next one finds the shell at its prompt', async () => {
  using shell = localShell(['sh']);
  const guest = await enter(shell);
  const stop = new AbortController();
  const onLines = () => stop.abort(new Error('enough'));
  await assert.rejects(guest.run('echo begun; echo more; sleep 1000', { onLines }, stop.signal), /enough/);
  assert.deepEqual(await talk(guest, 'echo next'), { exitCode: 0, lines: ['next'] });
});

test('a reset breaks the command that runs, and the next login makes the shell ready again', async () => {
  using shell = localShell(['sh']);
  const guest = await enter(shell);
  const onLines = () => shell.reset();
  await assert.rejects(guest.run('echo begun; echo more; sleep 1000', { onLines }, on()), { code: 'ssh_broken' });
  await assert.rejects(talk(guest, 'true'), { code: 'ssh_broken' });
  await guest.reconnect(on());
  assert.equal(shell.logins(), 2);
  assert.deepEqual(await talk(guest, 'echo again'), { exitCode: 0, lines: ['again'] });
});

test('a guest whose shell never answers is told of, and more than a console carries is refused before it is typed', async () => {
  using deaf = localShell(['sleep', '1000']);
  const asked = connectConsole(deaf.terminal, { clock: systemClock, timeoutMs: 500 }, on());
  await assert.rejects(asked, {
    code: 'console_silent',
    message: /could not be logged in to on its console within 0.5 s/,
  });
  using shell = localShell(['sh']);
  const guest = await enter(shell);
  const large = { name: 'large', input: Buffer.alloc(9 * 2 ** 20), mode: '0600', existing: 'refuse' } as const;
  await assert.rejects(guest.upload(large, '/tmp/never', on()), {
    code: 'provisioner_failed',
    message: /more than the 8 MB/,
  });
});
