import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { isVmd } from '../fixtures/hypervisor.ts';
import { guest, startImaged, type Imaged } from '../fixtures/imaged.ts';
import { watchProcesses } from '../fixtures/watch-processes.ts';
import { installedMachine, letIn, postContext, succeeded, tarOf, textOf, unpackRamdisk } from '../fixtures/tiny-builds.ts'; // prettier-ignore

const run = promisify(execFile);

// Another run of this test may be under way on this host.
const ownRun = randomBytes(4).toString('hex');

/** One secret of each kind, each nowhere else. The words are no part of any other. */
const secrets = {
  sent: `quokka-sent-${ownRun}`,
  default: `wombat-default-${ownRun}`,
  listed: `numbat-listed-${ownRun}`,
  host: `bilby-host-${ownRun}`,
  password: `possum-login-${ownRun}`,
  hook: `dingo-hook-${ownRun}`,
  derived: `cassowary-derived-${ownRun}`,
} as const;

let imaged: Imaged;
let folder: string;
let key: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secrets-'));
  await unpackRamdisk(folder);
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'id')]);
  key = await readFile(join(folder, 'id'), 'utf8');
  imaged = await startImaged({
    settings: 'log_level = "debug"',
    tables: '[hypervisor.qemu]\naccelerator = "tcg"',
    media: { tiny: guest, own: folder },
  });
});

after(async () => {
  await imaged[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** What must not be found: each secret, lines of the key, and both as base64 in a longer text and hexadecimal have them. */
const needles = () => {
  const lines = key.split('\n').slice(1, -2);
  return [...Object.values(secrets), ...lines].flatMap((secret) => {
    const offsets = ['', 'x', 'xx'].map((start) => Buffer.from(`${start}${secret}`).toString('base64').slice(4, -4));
    return [secret, ...offsets, Buffer.from(secret).toString('hex')].map((text) => ({ secret, text }));
  });
};

const foundIn = (bytes: Buffer | string): readonly string[] => [
  ...new Set(needles().flatMap(({ secret, text }) => (bytes.includes(text) ? [`${secret} as ${text}`] : []))),
];

/** Every file below a folder of the daemon in which a secret stands, but for the guest's disk. */
const filesWith = async (top: string): Promise<readonly string[]> => {
  const names = await readdir(top, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const file of names.filter((entry) => entry.isFile() && entry.name !== 'disk.qcow2')) {
    const path = join(file.parentPath, file.name);
    for (const what of foundIn(await readFile(path))) found.push(`${relative(top, path)}: ${what}`);
  }
  return found;
};

const template = async () => ({
  name: 'secretive',
  description: 'uses a secret of each kind wherever a template takes a text',
  variables: {
    sent: { required: true, sensitive: true },
    default: { default: secrets.default, sensitive: true },
    listed: { type: 'list', required: true, sensitive: true },
    host: { secret: 'registry' },
    password: { required: true, sensitive: true },
    key: { required: true, sensitive: true },
    hook: { required: true, sensitive: true },
    derived: { default: `{{ prefix }}-derived-${ownRun}` },
    prefix: { required: true, sensitive: true },
  },
  machine: await installedMachine(folder),
  http: {
    'user-data': '#cloud-config\npassword: {{ sent }}\nroot: {{ default | base64 }}\n',
    'registry.json': '{"auth": {{ host | json }}, "more": "{{ index listed 0 }}"}\n',
  },
  install: {
    console: [
      ...letIn,
      { hear: '# $', say: 'echo said {{ sent }} {{ host }}' },
      { hear: '# $', press: 'echo pressed {{ default }}<enter>' },
      { hear: '# $', say: 'echo "{{ hook }}" | base64' },
    ],
    ends: 'never',
  },
  communicator: {
    type: 'ssh',
    username: 'root',
    password: '{{ password }}',
    private_key: '{{ key }}',
    timeout: '2m',
  },
  provisioners: [
    {
      type: 'file',
      content: 'user={{ sent }}\nkey={{ host }}\n{{ key }}',
      destination: '/etc/secretive',
      mode: '0600',
    },
    {
      type: 'shell',
      env: { SENT: '{{ sent }}', DEFAULT: '{{ default }}', HOST: '{{ host }}', HOOK: '{{ hook }}', KEY: '{{ key }}' },
      inline: [
        'echo "plain: $SENT $DEFAULT $HOST $HOOK {{ index listed 0 }} {{ derived }} {{ password }}"',
        'echo "key: $KEY"',
        'cat /etc/secretive',
        'for v in "$SENT" "x$DEFAULT" "xx$HOST" "$HOOK" "$KEY"; do printf %s "$v" | base64 || :; done',
        'for v in "$SENT" "$HOST" "{{ derived }}"; do printf %s "$v" | hexdump -v -e \'1/1 "%02x"\' || printf %s "$v" | od -An -v -tx1 | tr -d " \\n" || :; echo; done',
        'set -x; : "$SENT" "$HOST"; set +x',
        'echo "{\\"token\\": \\"$HOOK\\"}" >&2',
        'echo "encoded all"',
      ],
    },
  ],
  shutdown: { command: ': {{ sent }} {{ host }}; halt -p', timeout: '1m' },
  artifacts: [{ name: 'disk.qcow2' }],
  post_processors: [{ type: 'checksum', artifact: 'disk.qcow2' }],
});

/** All that is answered about the build and the host. */
const answersAbout = async (id: string): Promise<readonly string[]> => {
  const paths = [
    ...['', '/status', '/result', '/plan', '/steps', '/template', '/log', '/console', '/screen', '/artifacts'].map((path) => `/builds/${id}${path}`), // prettier-ignore
    ...[`/builds/${id}/events?follow=false`, `/builds/${id}/requests`, '/builds', '/runs', '/media', '/secrets'],
    ...['/templates', '/templates/secretive', '/host', '/metrics', '/readyz', `/builds/${id}/artifacts/disk.qcow2.sha256`], // prettier-ignore
  ];
  return Promise.all(paths.map(async (path) => `${path}: ${await (await imaged.call(path)).text()}`));
};

test('a secret of each kind, used wherever a template takes a text, is in the guest and nowhere else on this host', async () => {
  const sent = {
    ...{ sent: secrets.sent, listed: [secrets.listed], password: secrets.password, key, hook: secrets.hook },
    prefix: 'cassowary',
  };
  const kept = await imaged.call('/secrets/registry', {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ value: secrets.host }),
  });
  assert.equal(kept.status, 201, await kept.clone().text());
  const context = join(folder, 'context');
  await mkdir(context);
  const document = JSON.stringify(await template());
  await writeFile(join(context, 'template.json'), document);
  await writeFile(join(context, 'variables.json'), JSON.stringify(sent));
  const stored = await imaged.call('/templates/secretive', {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: document,
  });
  assert.equal(stored.status, 201, await stored.clone().text());

  await using watching = await watchProcesses(imaged, new RegExp(Object.values(secrets).join('|'), 'g'));
  const { id } = await postContext(imaged, await tarOf(context), 'application/x-tar');
  const whileItRuns = await Promise.all(
    ['imaged.db', 'imaged.db-wal'].map((name) => readFile(join(imaged.dataDir, name)).catch(() => Buffer.alloc(0))),
  );
  await succeeded(imaged, id);
  const { programs, found } = await watching.stop();

  const log = await textOf(imaged, id, 'log');
  assert.match(log, /plain: <sensitive> <sensitive> <sensitive> <sensitive> <sensitive> <sensitive> <sensitive>$/m);
  assert.match(log, /encoded all/);
  assert.match(log, /uses the secret registry of this host, version 1/);
  assert.ok(programs.has(isVmd ? 'vmctl' : 'qemu-system-x86_64'));
  assert.deepEqual(found, []);
  assert.deepEqual(whileItRuns.flatMap(foundIn), []);
  assert.deepEqual(
    (await answersAbout(id)).flatMap((answer) => foundIn(answer).map((what) => `${answer.slice(0, 60)}: ${what}`)),
    [],
  );
  assert.deepEqual(foundIn(imaged.lines().join('\n')), []);
  assert.deepEqual(foundIn(await readFile(`/proc/${imaged.pid()}/environ`)), []);
  assert.deepEqual(await filesWith(imaged.dataDir), []);
  const disk = await readFile(join(imaged.dataDir, 'builds', id, 'artifacts/disk.qcow2'));
  assert.ok(disk.includes(secrets.sent), 'the guest has what it was given');

  // The log of SQLite is copied into the database when the daemon ends.
  await imaged.kill('SIGTERM');
  assert.deepEqual(await filesWith(imaged.dataDir), []);
  await imaged.start();
});
