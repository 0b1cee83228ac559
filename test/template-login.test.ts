import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Fault } from '../src/base/fault.ts';
import { runProgram } from '../src/base/program.ts';
import type { ContextHostFacts } from '../src/context/files.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { resolve } from '../src/template/resolve/resolve.ts';

let folder: string;
let key: string;
let locked: string;

const keygen = async (name: string, passphrase: string) => {
  const file = join(folder, name);
  const args = ['-q', '-t', 'ed25519', '-N', passphrase, '-C', name, '-f', file];
  await runProgram('ssh-keygen', args, { signal: new AbortController().signal });
  return readFile(file, 'utf8');
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'login-'));
  key = await keygen('plain', '');
  locked = await keygen('locked', 'opensesame');
});

after(() => rm(folder, { recursive: true, force: true }));

const resolved = (
  communicator: object,
  variables: Record<string, string> = {},
  change: object = {},
  host: ContextHostFacts = {},
) =>
  resolve({
    template: parseTemplate({
      name: 'login',
      machine: { floppy: 'media:floppy', disks: [{ size: '1G' }], nics: [{ network: 'outgoing' }] },
      install: {},
      variables: { secret: { sensitive: true }, open: {} },
      communicator,
      ...change,
    }),
    variables,
    files: { media: { floppy: import.meta.filename, keys: folder }, host },
    frozen: { buildId: '01J0000000000000000000000A', timestampMs: 0 },
    defaults: { timeoutMs: 3_600_000 },
  });

const sshOf = async (...asked: Parameters<typeof resolved>) => {
  const { communicator, ...spec } = await resolved(...asked);
  assert.ok(communicator?.type === 'ssh');
  return { ...spec, communicator };
};

const errorsOf = async (asked: Promise<unknown>): Promise<Record<string, string>> => {
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return {};
  assert.ok(error instanceof Fault);
  return Object.fromEntries((error.facts.errors ?? []).map(({ pointer, message }) => [pointer, message]));
};

test('a login without words of its own has the limits of Packer, each by itself', async () => {
  const { communicator } = await sshOf({});
  assert.deepEqual(communicator, {
    type: 'ssh',
    username: 'root',
    port: 22,
    timeoutMs: 300_000,
    pauseBeforeConnectingMs: 0,
    keepsKey: false,
  });
  const one = (await sshOf({ handshake_attempts: 3 })).communicator;
  assert.deepEqual([one.handshakeAttempts, one.timeoutMs], [3, 300_000]);
  const other = (await sshOf({ timeout: '10m', keep_alive: '-1s', read_write_timeout: '2m' })).communicator;
  assert.deepEqual([other.timeoutMs, other.keepAliveMs, other.readWriteTimeoutMs], [600_000, 0, 120_000]);
});

test('a private key comes by a sensitive variable or a medium, and is masked with the other secrets', async () => {
  const bySecret = await sshOf({ private_key: '{{ secret }}' }, { secret: key });
  assert.deepEqual(bySecret.communicator.privateKey, { text: key });
  assert.ok(bySecret.secrets.includes(key));
  const { communicator } = await sshOf({ private_key: 'media:keys/plain' });
  assert.deepEqual(communicator.privateKey, {
    file: { path: join(folder, 'plain'), shown: 'media:keys/plain', isOfHost: true },
  });
});

test('a private key that would be shown, has a passphrase, is none or is open to all users of the host is refused', async () => {
  const at = '/communicator/private_key';
  const refuses = async (asked: string, variables: Record<string, string>, words: RegExp) =>
    assert.match((await errorsOf(resolved({ private_key: asked }, variables)))[at] ?? '', words);
  await refuses('{{ open }}', { open: key }, /would be shown to everybody/);
  await refuses('{{ secret }}', { secret: locked }, /has a passphrase/);
  await refuses('media:keys/locked', {}, /has a passphrase/);
  await refuses('{{ secret }}', { secret: 'ssh-ed25519 AAAA' }, /is no private key/);
  await refuses('{{ secret }}', { secret: key.replace(/b3Bl/, 'AAAA') }, /is no private key/);
  await chmod(join(folder, 'plain'), 0o644);
  await refuses('media:keys/plain', {}, /may be read by every user of the host \(mode 644\)/);
  await chmod(join(folder, 'plain'), 0o600);
});

test('a password may have no line end, and one that stands in the template is a note', async () => {
  const errors = await errorsOf(resolved({ password: '{{ secret }}' }, { secret: 'two\nlines' }));
  assert.match(errors['/communicator/password'] ?? '', /cannot be typed|can be typed/);
  const { notes, communicator } = await sshOf({ password: 'tiny' });
  assert.equal(communicator.password, 'tiny');
  assert.ok(notes.some(({ pointer }) => pointer === '/communicator/password'));
  assert.deepEqual((await resolved({ password: '{{ secret }}' }, { secret: 'tiny' })).notes, []);
});

test('a bastion needs one proof, a host that is a name, and a machine with the network outside', async () => {
  const bastion = { host: 'b.example', password: '{{ secret }}' };
  const spec = await sshOf({ bastion }, { secret: 'word' });
  assert.deepEqual(spec.communicator.bastion, { host: 'b.example', port: 22, username: 'root', password: 'word' });
  for (const host of ['-oProxyCommand=x', 'a b', 'a\nb', '*', '%h', ''])
    assert.match((await errorsOf(resolved({ bastion: { ...bastion, host } })))['/communicator/bastion/host'] ?? '', /is not a name or an address/); // prettier-ignore
  const machine = { floppy: 'media:floppy', disks: [{ size: '1G' }] };
  const inside = await errorsOf(resolved({ bastion }, { secret: 'word' }, { machine }));
  assert.match(inside['/communicator/bastion'] ?? '', /is a server outside/);
  assert.throws(() => parseTemplate({ name: 'x', communicator: { bastion: { host: 'b' } } }));
});

test('a build logs in through those bastions alone that the host lists, at their ports', async () => {
  const bastions = [{ host: 'jump.example', port: 22 }];
  const refusal = async (bastion: object) =>
    (
      await errorsOf(
        resolved({ bastion: { ...bastion, password: '{{ secret }}' } }, { secret: 'word' }, {}, { bastions }),
      )
    )['/communicator/bastion/host'];
  assert.equal(await refusal({ host: 'Jump.example' }), undefined);
  for (const other of [{ host: '127.0.0.1' }, { host: 'jump.example', port: 2222 }, { host: 'jump.example.net' }])
    assert.match((await refusal(other)) ?? '', /its administrator lists bastions under \[communicator\]/);
});

test('a certificate goes with its key, and no agent of the host is lent', () => {
  const refuses = (communicator: object) => {
    try {
      parseTemplate({ name: 'x', communicator });
    } catch (error) {
      assert.ok(error instanceof Fault);
      return error.message + JSON.stringify(error.facts.errors);
    }
    return '';
  };
  assert.match(refuses({ certificate: 'media:keys/cert' }), /without its \\"private_key\\"/);
  assert.match(refuses({ agent_forwarding: true }), /lends no agent of its host/);
});

test('on the console the usual login is said, or that of the template, and nothing of ssh goes with it', async () => {
  const turnsOf = async (more: object, variables: Record<string, string> = {}) => {
    const { communicator } = await resolved({ type: 'console', ...more }, variables);
    assert.ok(communicator?.type === 'console');
    return communicator.turns.map(({ hear, say, secret }) => [hear, say?.[0], secret]);
  };
  assert.deepEqual(await turnsOf({ username: 'puffy', password: '{{ secret }}' }, { secret: 'word' }), [
    ['[Ll]ogin: ?$', 'puffy', false],
    ['[Pp]assword: ?$', 'word', true],
    ['[#$%>] ?$', undefined, false],
  ]);
  assert.deepEqual(await turnsOf({ login: [] }), []);
  assert.throws(() => parseTemplate({ name: 'x', communicator: { type: 'console', pty: true } }));
  assert.throws(() => parseTemplate({ name: 'x', communicator: { login: [] } }));
});
