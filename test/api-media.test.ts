import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { request as ask } from 'node:http';
import { join } from 'node:path';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { boundedBody } from '../src/api/server/bodies.ts';
import { bounds } from '../src/base/bounds.ts';
import { systemClock } from '../src/base/clock.ts';
import { systemIds } from '../src/base/ids.ts';
import { openUploads } from '../src/media/uploads.ts';
import { apiShop, type ApiShop } from './api-shop.ts';
import { untilTrue } from './fixtures/until-true.ts';
import { failsAs } from './store-shop.ts';

const Media = z.object({ items: z.array(z.looseObject({ name: z.string(), origin: z.string() })) });

const Reply = z.looseObject({
  code: z.string().optional(),
  sha256: z.string().optional(),
  bytes: z.number().optional(),
  kind: z.string().optional(),
});
const read = (reply: { readonly body: string }) => Reply.parse(JSON.parse(reply.body));

const bytes = randomBytes(300_000);
const sha256 = createHash('sha256').update(bytes).digest('hex');

const upload = (shop: ApiShop, authorization: string, path: string, headers: Readonly<Record<string, string>> = {}) =>
  shop.ask({ method: 'POST', url: `/media/${path}`, headers: { authorization, ...headers }, payload: bytes });

const filesOf = async ({ folders }: ApiShop) => (await readdir(folders.media)).toSorted();

test('an image is uploaded with its digest, listed beside the configured media, and deleted', async () => {
  await using shop = await apiShop();
  const { authorization } = await shop.token(['admin']);
  const reply = await upload(shop, authorization, `disk?sha256=${sha256}`);
  assert.equal(reply.statusCode, 201, reply.body);
  assert.deepEqual([read(reply).sha256, read(reply).bytes, read(reply).kind], [sha256, bytes.length, 'file']);
  const { items } = Media.parse((await shop.ask({ url: '/media', headers: shop.auth })).json());
  assert.deepEqual(
    items.map(({ name, origin, kind }) => [name, origin, kind]),
    [
      ['disk', 'upload', 'file'],
      ['own', 'configuration', 'file'],
      ['tests', 'configuration', 'folder'],
    ],
  );
  const [id = ''] = await filesOf(shop);
  assert.deepEqual(await readFile(join(shop.folders.media, id, 'image')), bytes);
  const remove = () => shop.ask({ method: 'DELETE', url: '/media/disk', headers: { authorization } });
  assert.equal((await remove()).statusCode, 204);
  assert.equal((await remove()).statusCode, 404);
  assert.deepEqual(await filesOf(shop), []);
});

test('only an admin uploads and deletes, under a name that the configuration does not have', async () => {
  await using shop = await apiShop();
  assert.equal((await upload(shop, shop.auth.authorization, 'disk')).statusCode, 403);
  const { authorization } = await shop.token(['admin']);
  const taken = await upload(shop, authorization, 'own');
  assert.deepEqual([taken.statusCode, read(taken).code], [409, 'medium_exists']);
  assert.equal((await upload(shop, authorization, '.hidden')).statusCode, 404);
  assert.deepEqual(await filesOf(shop), []);
});

test('a body with another digest than it was announced with is not kept', async () => {
  await using shop = await apiShop();
  const { authorization } = await shop.token(['admin']);
  const wrong = Buffer.alloc(32).toString('base64');
  for (const [path, headers] of [
    [`disk?sha256=${'0'.repeat(64)}`, {}],
    ['disk', { 'content-digest': `sha-256=:${wrong}:` }],
  ] as const) {
    const reply = await upload(shop, authorization, path, headers);
    assert.deepEqual([reply.statusCode, read(reply).code], [422, 'digest_mismatch']);
  }
  assert.equal((await upload(shop, authorization, 'disk?sha256=x')).statusCode, 400);
  assert.deepEqual(await filesOf(shop), []);
  const right = `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`;
  assert.equal((await upload(shop, authorization, 'disk', { 'content-digest': right })).statusCode, 201);
});

test('uploads are bounded, each and together', async () => {
  await using shop = await apiShop();
  const { authorization } = await shop.token(['admin']);
  const send = (name: string, size: number) =>
    shop.ask({ method: 'POST', url: `/media/${name}`, headers: { authorization }, payload: Buffer.alloc(size) });
  const mb = 1024 * 1024;
  assert.equal((await send('large', 9 * mb)).statusCode, 413);
  assert.equal((await send('one', 7 * mb)).statusCode, 201);
  assert.equal((await send('two', 7 * mb)).statusCode, 507);
  assert.equal((await filesOf(shop)).length, 1);
});

test('an upload that breaks leaves nothing', async () => {
  await using shop = await apiShop();
  const { authorization } = await shop.token(['admin']);
  const { port } = await shop.listen();
  const headers = { authorization, 'content-length': bytes.length };
  const request = ask({ port, host: '127.0.0.1', method: 'POST', path: '/media/disk', headers });
  request.on('error', () => undefined);
  request.write(bytes.subarray(0, 1000));
  await untilTrue(async () => (await filesOf(shop)).some((name) => name.endsWith('.part')));
  request.destroy();
  await untilTrue(async () => (await filesOf(shop)).length === 0);
});

test('a body that breaks off before anybody reads it ends nothing but its request', async () => {
  const raw = Object.assign(new PassThrough(), { complete: false });
  const body = boundedBody({ headers: {}, raw } as unknown as FastifyRequest, 1000);
  raw.destroy();
  await once(raw, 'close');
  // Without a listener its error would have been nobody's, which ends the daemon.
  await assert.rejects(buffer(body), failsAs('bad_request'));
});

test('the same name again is another file: the old one stays while a build uses it, and then goes', async () => {
  const usedFiles: string[] = [];
  await using shop = await apiShop({ usedFiles });
  const { authorization } = await shop.token(['admin']);
  await upload(shop, authorization, 'disk');
  const [first = ''] = await filesOf(shop);
  usedFiles.push(join(shop.folders.media, first, 'image'));
  await upload(shop, authorization, 'disk');
  assert.equal((await filesOf(shop)).length, 2);
  const refused = await shop.ask({ method: 'DELETE', url: '/media/disk', headers: { authorization } });
  assert.deepEqual([refused.statusCode, read(refused).code], [409, 'base_in_use']);
  usedFiles.pop();
  await upload(shop, authorization, 'disk');
  const left = await filesOf(shop);
  assert.equal(left.length, 1);
  assert.ok(!left.includes(first));
});

test('uploads are there after a restart, and what was half received is not', async () => {
  await using shop = await apiShop();
  const { authorization } = await shop.token(['admin']);
  await upload(shop, authorization, 'disk');
  const again = async () =>
    openUploads({
      folder: shop.folders.media,
      limits: { mostBytes: 1, totalBytes: 1 },
      ...{ ids: systemIds, now: systemClock.now, checkRoom: async () => undefined, userOf: () => undefined },
    });
  await mkdir(join(shop.folders.media, `${systemIds.id()}.part`));
  const uploads = await again();
  assert.deepEqual(
    uploads.list().map(({ name }) => name),
    ['disk'],
  );
  assert.equal(
    uploads.ofDigest({ algorithm: 'sha256', hex: sha256 }),
    uploads.pathOf(uploads.find('disk') ?? assert.fail()),
  );
  assert.equal((await filesOf(shop)).length, 1);
});

test('no more media are kept than the bound, however small they are', async () => {
  await using shop = await apiShop();
  const { folders } = shop;
  const digests = { md5: '', sha1: '', sha256: '', sha512: '' };
  for (let index = 0; index < bounds.uploads; index++) {
    const id = systemIds.id();
    await mkdir(join(folders.media, id), { recursive: true });
    const about = { id, name: `m${index}`, by: 'a', bytes: 0, digests, uploadedAt: 0, kind: 'file' };
    await writeFile(join(folders.media, id, 'about.json'), JSON.stringify(about));
  }
  const uploads = await openUploads({
    folder: folders.media,
    limits: { mostBytes: 1, totalBytes: 1 },
    ...{ ids: systemIds, now: systemClock.now, checkRoom: async () => undefined, userOf: () => undefined },
  });
  const receive = () => uploads.receive({ name: 'one-more', by: 'a', expected: [], body: Readable.from([]) }, AbortSignal.timeout(20_000)); // prettier-ignore
  await assert.rejects(receive(), { code: 'storage_full', message: /1000 uploaded media/ });
  assert.equal(await uploads.remove('m0'), true);
  assert.equal((await receive()).name, 'one-more');
});
