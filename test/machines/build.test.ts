import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { isVmd } from '../fixtures/hypervisor.ts';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { firstUnlessLong } from '../fixtures/long.ts';
import { exampleFor, postContext, succeeded, tarOf, textOf, zstdOf } from '../fixtures/tiny-builds.ts';

const run = promisify(execFile);
const top = fileURLToPath(new URL('../../../', import.meta.url));

const Artifact = z.object({ name: z.string(), format: z.string(), size: z.number(), sha256: z.string() });
const Artifacts = z.object({ items: z.array(Artifact) });

let imaged: Imaged;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'build-test-'));
  imaged = await startImaged({ tables: '[hypervisor.qemu]\naccelerator = "tcg"' });
});

after(async () => {
  await imaged[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

const bytesOf = async (path: string): Promise<Buffer> => {
  const reply = await imaged.call(path);
  assert.equal(reply.status, 200, path);
  return Buffer.from(await reply.arrayBuffer());
};

/** Downloads an artifact into the test's folder, and proves what the daemon says of it. */
const download = async (id: string, name: string): Promise<string> => {
  const { items } = Artifacts.parse(await (await imaged.call(`/builds/${id}/artifacts`)).json());
  const listed = items.find((item) => item.name === name);
  assert.ok(listed, `${name} is not among ${JSON.stringify(items)}`);
  const bytes = await bytesOf(`/builds/${id}/artifacts/${name}`);
  assert.equal(bytes.length, listed.size);
  assert.equal(sha256(bytes), listed.sha256);
  const sums = (await bytesOf(`/builds/${id}/artifacts/SHA256`)).toString();
  assert.ok(sums.includes(`SHA256 (${name}) = ${listed.sha256}\n`), sums);
  const file = join(folder, `${id}-${name}`);
  await writeFile(file, bytes);
  return file;
};

const ImageInfo = z.looseObject({ format: z.string(), 'virtual-size': z.number(), 'backing-filename': z.string().optional() }); // prettier-ignore

/** What qemu-img says of a qcow2 image that it finds clean. */
const provenImage = async (file: string) => {
  await run('qemu-img', ['check', '-f', 'qcow2', file]);
  return ImageInfo.parse(JSON.parse((await run('qemu-img', ['info', '--output=json', file])).stdout));
};

test('examples/tiny-linux builds from a tar that is compressed or not, and its image boots with what was provisioned', async () => {
  const key = join(folder, 'key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', key]);
  const rootKey = encodeURIComponent(`root_key=${(await readFile(`${key}.pub`, 'utf8')).trim()}`);
  const tar = await tarOf(await exampleFor(folder));
  const query = `?variable=motto=from%20the%20test&variable=${rootKey}&label=kind=tar`;
  // What a context holds is the same in each form (test/context.test.ts), so the builds are as well.
  const forms = firstUnlessLong([
    [zstdOf(tar), 'application/zstd'],
    [gzipSync(tar), 'application/gzip'],
    [tar, 'application/x-tar'],
  ] as const);
  const posted = await Promise.all(forms.map(([body, type]) => postContext(imaged, body, type, query)));
  const id = posted[0]?.id ?? '';
  for (const build of posted) await succeeded(imaged, build.id);

  assert.equal((await imaged.call(`/builds/${id}/result?wait=60`)).status, 200);
  const file = await download(id, 'tiny-linux.qcow2');
  const info = await provenImage(file);
  assert.deepEqual([info.format, info['virtual-size'], info['backing-filename']], ['qcow2', 256 * 2 ** 20, undefined]);

  const booted = await run(process.execPath, [join(top, 'dist/script/boot-once.js'), file, key, 'cat /etc/motto']);
  assert.equal(booted.stdout.split('\n')[0], 'from the test');
  assert.match(booted.stdout, /^Linux /m);

  const events = await eventsOf(imaged, id);
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, index) => index + 1),
  );
  const requests = events
    .filter(({ type }) => type === 'http.request')
    .map(({ data }) => [data['url'], data['status']]);
  for (const path of ['/install.conf', '/disklabel', '/sets/SHA256', '/sets/base79.tgz'])
    assert.ok(requests.some(([url, status]) => url === path && status === 200), `no request for ${path}: ${JSON.stringify(requests)}`); // prettier-ignore
  const said = events.filter(({ type }) => type === 'console.said').map(({ data }) => data['text']);
  assert.equal(said.length, 2);
  assert.equal(said[0], 'a');
  assert.match(
    String(said[1]),
    isVmd ? /^http:\/\/100\.64\.\d+\.2:8079\/install\.conf$/ : /^http:\/\/100\.64\.\d+\.4\/install\.conf$/,
  );
  const began = events.filter(({ type }) => type === 'step.started').map(({ data }) => data['name']);
  const { items } = z.object({ items: z.array(z.object({ name: z.string(), ended_at: z.string() })) }).parse(await (await imaged.call(`/builds/${id}/steps`)).json()); // prettier-ignore
  assert.deepEqual(began, items.map(({ name }) => name)); // prettier-ignore
  assert.ok(began.includes('install') && began.includes('publish'), began.join());

  assert.match(await textOf(imaged, id, 'console'), /CONGRATULATIONS![\s\S]*login: /);
  assert.match(await textOf(imaged, id, 'log'), /^\S+Z   from the test$/m);
});
