import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { guest, startImaged, type Imaged } from '../fixtures/imaged.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { scripted, succeeded, textOf } from '../fixtures/tiny-builds.ts';

let imaged: Imaged;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'endpoint-test-'));
  imaged = await startImaged({ tables: '[hypervisor.qemu]\naccelerator = "tcg"', media: { tiny: guest, own: folder } });
});

after(async () => {
  await imaged[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const hostile = [
  '/../imaged.db',
  '/files/../../imaged.toml',
  '/files/%2e%2e/secret',
  '/files/..%2fsecret',
  '/files/....//secret',
  '/files/link',
  '/files/folder/../../secret',
  '/files//etc/passwd',
  '//etc/passwd',
  '/etc/passwd',
  '/files/%00',
  '/files/here%00.txt',
  '/files/\\..\\secret',
  '/files/',
  '/files',
  '/%c0%ae%c0%ae/secret',
  'http://127.0.0.1/etc/passwd',
  'file:///etc/passwd',
  '/install.conf',
  '/fe:e1:bb:d1:00:02-install.conf',
];

test('a guest that asks its endpoint for hostile paths gets 404 for each, and what is served all the same', async () => {
  await mkdir(join(folder, 'files/folder'), { recursive: true });
  await writeFile(join(folder, 'files/here.txt'), 'this is served\n');
  await writeFile(join(folder, 'secret'), 'secret of the folder above\n');
  await symlink('../secret', join(folder, 'files/link'));
  const ask = (path: string) => `ask '${path}'`;
  const template = await scripted(
    [
      `ask() { printf 'GET %s HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n' "$1" | nc -w 5 $HOST $PORT; echo; }`,
      ...hostile.map(ask),
      ask('/files/here.txt'),
    ],
    { files: { folder: 'media:own/files' } },
  );
  const { id } = await imaged.post({ template });
  await succeeded(imaged, id);
  const Request = z.looseObject({ url: z.string(), status: z.number() });
  const requests = (await eventsOf(imaged, id))
    .filter(({ type }) => type === 'http.request')
    .map(({ data }) => Request.parse(data));
  assert.deepEqual(
    requests.map(({ url, status }) => [url, status]),
    [['/script', 200], ...hostile.map((path) => [path, 404]), ['/files/here.txt', 200]],
  );
  const said = await textOf(imaged, id, 'console');
  assert.match(said, /^this is served\r$/m);
  assert.doesNotMatch(said, /secret of|root:/);
});
