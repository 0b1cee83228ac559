import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { Fault } from '../src/base/fault.ts';
import { runProgram } from '../src/base/program.ts';
import { connectSsh } from '../src/guest/ssh/connect.ts';
import type { Guest, SshSpec } from '../src/guest/types.ts';
import { guestHouse, on } from './ssh-server.ts';

const quiet = { clock: systemClock, onNote: () => undefined };

const linesOf = async (guest: Guest, command: string, input?: string) => {
  const lines: string[] = [];
  const onLines = (all: readonly string[]) => void lines.push(...all);
  const { exitCode } = await guest.run(command, { onLines, ...(input === undefined ? {} : { input }) }, on());
  return { exitCode, lines };
};

/** A key that is not the build's. */
const anotherKey = async (folder: string, name = 'another') => {
  const file = join(folder, name);
  await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'another', '-f', file], { signal: on() });
  return { file, privateKey: await readFile(file, 'utf8'), publicKey: await readFile(`${file}.pub`, 'utf8') };
};

/** As `ps` of any user of the host sees them. */
const words = async () => {
  const { stdout } = await runProgram('ps', ['-A', '-ww', '-o', 'args='], { signal: on() });
  return stdout;
};

test('a private key of the template lets the build in where its own key does not, and is gone with the connection', async () => {
  await using house = await guestHouse();
  const { privateKey, publicKey } = await anotherKey(house.folder);
  await house.authorize(publicKey);
  const guest = await connectSsh({ ...house.spec, credentials: { privateKey } }, quiet, on());
  assert.deepEqual(await linesOf(guest, 'echo in'), { exitCode: 0, lines: ['in'] });
  await guest[Symbol.asyncDispose]();
  assert.deepEqual(
    (await readdir(house.folder)).filter((name) => /^(login|bastion)_|^ssh_config$/.test(name)),
    [],
  );
});

test('a certificate lets its key in where the key alone would not be', async () => {
  await using house = await guestHouse({ isUp: false, config: [`TrustedUserCAKeys ${join(tmpdir(), 'none')}`] });
  const ca = await anotherKey(house.folder, 'ca');
  const user = await anotherKey(house.folder);
  const sign = ['-q', '-s', ca.file, '-I', 'build', '-n', house.spec.username, `${user.file}.pub`];
  await runProgram('ssh-keygen', sign, { signal: on() });
  const certificate = await readFile(`${user.file}-cert.pub`, 'utf8');
  await house.authorize(`cert-authority ${ca.publicKey}`);
  await house.powerOn();
  const { privateKey } = user;
  const spec = { ...house.spec, handshakeAttempts: 1 };
  await assert.rejects(connectSsh({ ...spec, credentials: { privateKey } }, quiet, on()), { code: 'ssh_denied' });
  await using guest = await connectSsh({ ...spec, credentials: { privateKey, certificate } }, quiet, on());
  assert.equal((await linesOf(guest, 'true')).exitCode, 0);
});

test('a password is offered by a program of ours, and no command line or environment has it', async () => {
  await using house = await guestHouse({ config: ['PasswordAuthentication yes', 'KbdInteractiveAuthentication no'] });
  // Another run of this test may be under way on this host.
  const password = `not-the-password-${randomBytes(4).toString('hex')}`;
  await house.authorize('');
  const seen: string[] = [];
  const spec = { ...house.spec, handshakeAttempts: 2, credentials: { password } };
  const connecting = connectSsh(spec, quiet, on());
  let isOver = false;
  const watching = (async () => {
    while (!isOver) seen.push(await words());
  })();
  await assert.rejects(connecting, (error) => {
    assert.ok(error instanceof Fault);
    assert.equal(error.code, 'ssh_denied');
    assert.match(error.message, /with the key of this build or the password of the template\. One of them has to be/);
    return true;
  });
  isOver = true;
  await watching;
  assert.ok(seen.some((text) => text.includes(' -F ssh_config ')));
  assert.ok(!seen.some((text) => text.includes(password)));
});

test('handshake_attempts bounds how often a guest may refuse the login', async () => {
  await using house = await guestHouse();
  await house.authorize('');
  const failure = await connectSsh({ ...house.spec, handshakeAttempts: 3 }, quiet, on()).catch(
    (error: unknown) => error,
  );
  assert.ok(failure instanceof Fault);
  assert.equal(failure.code, 'ssh_denied');
});

test('a guest is reached through a bastion with its own key, and a bastion that denies the login is named', async () => {
  await using house = await guestHouse();
  const { privateKey, publicKey } = await anotherKey(house.folder);
  await house.authorize(`${house.key.publicKey}\n${publicKey}`);
  const { host, port, username } = house.spec;
  const spec: SshSpec = { ...house.spec, bastion: { host, port, username, privateKey } };
  await using guest = await connectSsh(spec, quiet, on());
  const { lines } = await linesOf(guest, 'echo "$SSH_CONNECTION"');
  assert.match(lines[0] ?? '', /^127\.0\.0\.1 /);
  assert.match(await readFile(house.spec.knownHostsFile, 'utf8'), /^bastion ssh-ed25519 [^\n]*\nguest ssh-ed25519 /m);
  await guest[Symbol.asyncDispose]();
  await house.authorize(house.key.publicKey);
  await assert.rejects(connectSsh({ ...spec, handshakeAttempts: 1 }, quiet, on()), {
    code: 'ssh_denied',
    message: /^The bastion 127\.0\.0\.1:\d+ does not let [\w-]+ in with the private key of the template\.$/,
  });
});

test(
  'a guest is reached through a bastion that takes a password, and another password is denied by name',
  { skip: process.getuid?.() !== 0 && 'root alone can start an sshd that takes passwords' },
  async () => {
    const user = { name: 'jump', password: 'the password of jump' };
    await using house = await guestHouse();
    await using jump = await guestHouse({ user, config: ['PasswordAuthentication yes'] });
    await jump.authorize('');
    const { host, port } = jump.spec;
    const through = (password: string): SshSpec => {
      const bastion = { host, port, username: user.name, password };
      return { ...house.spec, handshakeAttempts: 1, bastion };
    };
    await using guest = await connectSsh(through(user.password), quiet, on());
    assert.deepEqual(await linesOf(guest, 'echo in'), { exitCode: 0, lines: ['in'] });
    await guest[Symbol.asyncDispose]();
    await assert.rejects(connectSsh(through('another'), quiet, on()), {
      code: 'ssh_denied',
      message: /^The bastion 127\.0\.0\.1:\d+ does not let jump in with the password of the template\.$/,
    });
  },
);

test('with pty a command has a terminal and its own exit code, and what has input has none', async () => {
  await using house = await guestHouse();
  await using guest = await connectSsh({ ...house.spec, pty: true }, quiet, on());
  assert.deepEqual(await linesOf(guest, "test -t 1 && test -t 0 && echo 'on a\nterminal'; exit 3"), {
    exitCode: 3,
    lines: ['on a', 'terminal'],
  });
  assert.deepEqual(await linesOf(guest, 'exit 255'), { exitCode: 255, lines: [] });
  assert.deepEqual(await linesOf(guest, 'test -t 1 || cat', 'sent'), { exitCode: 0, lines: ['sent'] });
});

test('no text of a template can become a line of the configuration of ssh', async () => {
  await using house = await guestHouse({ isUp: false });
  const bastion = { host: 'a', port: 22, username: 'u', password: 'p' };
  for (const text of ['a\nProxyCommand touch /tmp/x', 'a b', '-oProxyCommand=x', '*', 'a%h', '"', '$(x)', ''])
    for (const hostile of [
      { username: text },
      { bastion: { ...bastion, host: text } },
      { bastion: { ...bastion, username: text } },
    ])
      // prettier-ignore
      await assert.rejects(connectSsh({ ...house.spec, ...hostile }, quiet, on()), { code: 'template_invalid' });
});
