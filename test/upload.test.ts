import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../src/base/fault.ts';
import { destination } from '../src/outward/destination.ts';
import { hostOf } from '../src/outward/hosts.ts';
import type { PostProcessorSpec } from '../src/post-processors/table.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { resolve } from '../src/template/resolve/resolve.ts';
import { bench } from './fixtures/post-processing.ts';
import { s3Login, s3Server } from './fixtures/s3-server.ts';
import { nginx } from './nginx.ts';
import { sha256At } from './send-shop.ts';
import { guestHouse } from './ssh-server.ts';

const allowing = (hosts: readonly string[]) => ({ destination: destination(() => hosts.map(hostOf)) });

const variables = { secret: { sensitive: true, default: 'S3RVER' }, plain: { default: 'S3RVER' } };

/** The upload of a template, where these hosts may be sent to. */
const resolved = async (asked: object, hosts: readonly string[]) => {
  const template = parseTemplate({
    ...{ name: 'least', machine: { floppy: 'media:floppy', disks: [{ size: '1G' }] }, install: {}, variables },
    post_processors: [{ type: 'upload', ...asked }],
  });
  const spec = await resolve({
    ...{ template, variables: {}, frozen: { buildId: '01J0000000000000000000000A', timestampMs: 0 } },
    files: {
      media: { floppy: import.meta.filename },
      host: { means: { hypervisor: 'qemu', builderId: 'imaged:host/test', programs: {}, ...allowing(hosts) } },
    },
    defaults: { timeoutMs: 3_600_000 },
  });
  const [, found] = spec.postProcessors;
  assert.ok(found?.type === 'upload');
  return found satisfies PostProcessorSpec<'upload'>;
};

const wrongOf = async (asked: object, hosts: readonly string[] = []) => {
  const error: unknown = await Promise.resolve()
    .then(() => resolved(asked, hosts))
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  assert.ok(error instanceof Fault, `${JSON.stringify(asked)}: ${String(error)}`);
  return (error.facts.errors ?? []).map(({ pointer, message }) => `${pointer} ${message}`).join('\n');
};

const secret = '{{ secret }}';
const s3 = { to: 's3://images/nightly', access_key: secret, secret_key: secret };

test('what is wrong with an upload is told at POST, with its place', async () => {
  const hosts = ['files.example', '*.amazonaws.com', 's3.example'];
  const cases: readonly (readonly [object, RegExp])[] = [
    [
      { to: 'https://other.example/' },
      /\/post_processors\/0\/to https:\/\/other\.example\/ is on a host that this one does not send to/,
    ],
    [{ to: 'http://127.0.0.1/' }, /\[destinations\]/],
    [{ to: 'ftp://files.example/' }, /to is for ftp:\/\//],
    [{ to: 'files.example/x' }, /to is no URL/],
    [{ to: 'https://me:secret@files.example/' }, /has a password in it/],
    [{ to: 'https://files.example/?key=1' }, /has a query/],
    [{ to: 'https://files.example/', token: 'as it is' }, /0\/token stands in the template for all to read/],
    [{ to: 'https://files.example/', token: '{{ plain }}' }, /0\/token stands in the template for all to read/],
    [{ to: 'https://files.example/', username: 'me' }, /one of "username" and "password" without the other/],
    [{ to: 'https://files.example/', region: 'eu' }, /region is for S3, and "to" is for HTTP/],
    [{ to: 's3://images/nightly' }, /has no "access_key"/],
    [{ ...s3, to: 's3://Images_/' }, /has no name of a bucket in it/],
    [{ ...s3, endpoint: 'http://127.0.0.1:9000' }, /must name it with its port|does not name/],
    // Nothing of the password is in what is told.
    [
      { ...s3, endpoint: 'https://me:secret@files.example/' },
      /endpoint has a user or a password in it: leave them out(?!.*secret@)/,
    ],
    [{ ...s3, endpoint: 'https://files.example/?key=1' }, /endpoint has a query/],
    [{ ...s3, to: 's3://images/a%2e/../b c' }, /prefix with other characters/],
    [{ to: 'sftp://files.example/x', private_key: secret, host_key: 'ssh-ed25519 A' }, /names no user/],
    [{ to: 'sftp://me@files.example/x', private_key: secret, host_key: 'none' }, /host_key is no public key/],
    [{ to: 'sftp://me@files.example/x', host_key: `ssh-ed25519 ${'A'.repeat(68)}` }, /has no "private_key"/],
    [
      { to: 'sftp://me@files.example/x%0aput', private_key: secret, host_key: `ssh-ed25519 ${'A'.repeat(68)}` },
      /path with other characters/,
    ],
  ];
  for (const [asked, said] of cases) assert.match(await wrongOf(asked, hosts), said, JSON.stringify(asked));
});

test('an upload says in the plan where it goes, and nothing secret of it', async () => {
  const amazon = await resolved(s3, ['*.amazonaws.com']);
  assert.deepEqual(
    { ...amazon.settings, login: undefined },
    { by: 's3', bucket: 'images', prefix: 'nightly/', region: 'us-east-1', login: undefined },
  );
});

const drafts = async (workspace: string) => {
  const made = ['a.qcow2', 'a.qcow2.sha256'].map((name, at) => ({
    name,
    mediaType: 'application/octet-stream',
    from: join(workspace, `draft9-${at}.x`),
  }));
  for (const { from, name } of made) await writeFile(from, name.repeat(1000));
  return made;
};

const sumOf = (told: readonly { readonly type: string; readonly data: object }[]) =>
  told.filter(({ type }) => type === 'artifact.uploaded').map(({ data }) => data as Readonly<Record<string, unknown>>);

test('artifacts come to S3, to a folder of nginx and to one of sshd, and stay what they are here', async () => {
  await using store = await s3Server('images');
  await using house = await guestHouse({ config: ['Subsystem sftp internal-sftp'] });
  const folder = await mkdtemp(join(tmpdir(), 'upload-'));
  await using web = await nginx(`location / { root ${folder}; dav_methods PUT; create_full_put_path on; }`);
  const hosts = [`127.0.0.1:${store.port}`, new URL(web.url).host, `127.0.0.1:${house.spec.port}`];
  await using shop = await bench(allowing(hosts));
  const made = await drafts(shop.workspace);
  const names = made.map(({ name }) => name);
  const hostKey = (await readFile(join(house.folder, 'host.pub'), 'utf8')).trim();
  const privateKey = await readFile(house.key.privateFile, 'utf8');
  const login = { username: house.spec.username, privateKey, hostKey: hostKey.split(' ').slice(0, 2).join(' ') };
  const bucket = await resolved({ ...s3, endpoint: `http://${hosts[0]}` }, hosts);
  const put = await resolved({ to: `${web.url}/put` }, hosts);
  const all = [
    bucket.settings,
    put.settings,
    { by: 'sftp', url: `sftp://${hosts[2]}/`, folder: `${folder}/`, login } as const,
  ];
  for (const settings of all)
    assert.deepEqual(
      (await shop.run({ type: 'upload', settings }, names, made)).map(({ name }) => name),
      names,
    );
  const uploads = sumOf(shop.tools.told);
  assert.deepEqual(
    uploads.map(({ url }) => url),
    [
      ...names.map((name) => `s3://images/nightly/${name}`),
      ...names.map((name) => `${web.url}/put/${name}`),
      ...names.map((name) => `sftp://${hosts[2]}${folder}/${name}`),
    ],
  );
  const [first] = uploads;
  assert.equal(await sha256At(store.at('nightly/a.qcow2')), first?.['sha256']);
  assert.equal(await sha256At(`${web.url}/put/a.qcow2`), first?.['sha256']);
  assert.equal(await readFile(join(folder, 'a.qcow2'), 'utf8'), 'a.qcow2'.repeat(1000));
  assert.deepEqual(
    (await shop.publish(made)).filter((name) => name !== 'SHA256'),
    names,
  );
  assert.deepEqual(
    (await readdir(shop.workspace)).filter((name) => name.startsWith('draft') && name.endsWith('sftp')),
    [],
  );
  assert.doesNotMatch(JSON.stringify(shop.tools), new RegExp(s3Login.secretAccessKey));
  await rm(folder, { recursive: true });
});
