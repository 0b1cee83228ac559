import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { partOf } from '../src/base/http/byte-range.ts';
import { apiShop, type ApiShop } from './api-shop.ts';
import { aBuild, claimed } from './store-shop.ts';
import { runs } from './fixtures/long.ts';

const published = async (shop: ApiShop, name: string, content: Buffer, mediaType = 'application/x-raw-disk-image') => {
  const { build } = await shop.store.add(aBuild());
  const { token } = await claimed(shop.store);
  const sha256 = createHash('sha256').update(content).digest('hex');
  await shop.write(shop.folders.artifact(build.id, name), content);
  await shop.write(shop.folders.artifact(build.id, 'SHA256'), `SHA256 (${name}) = ${sha256}\n`);
  const artifacts = [{ name, mediaType, size: content.length, sha256 }];
  await shop.store.finish(build.id, token, { status: 'succeeded', artifacts });
  const url = `/builds/${build.id}/artifacts/${encodeURIComponent(name)}`;
  return { id: build.id, url, sha256, etag: `"sha256:${sha256}"` };
};

const content = randomBytes(100_000);

test('an artifact comes whole, with its digest as ETag and as RFC 9530 has it, and under its name', async () => {
  await using shop = await apiShop();
  const { id, url, sha256, etag } = await published(shop, 'tiny "1" é.raw', content);
  const reply = await shop.ask({ url, headers: shop.auth });
  assert.equal(reply.statusCode, 200);
  assert.ok(reply.rawPayload.equals(content));
  assert.equal(reply.headers.etag, etag);
  assert.equal(reply.headers['repr-digest'], `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`);
  assert.equal(
    reply.headers['content-disposition'],
    `attachment; filename="tiny \\"1\\" _.raw"; filename*=UTF-8''tiny%20%221%22%20%C3%A9.raw`,
  );
  assert.equal(reply.headers['content-length'], '100000');
  const list = await shop.ask({ url: `/builds/${id}/artifacts`, headers: shop.auth });
  assert.deepEqual(
    list.json<{ items: { href: string }[] }>().items.map(({ href }) => href),
    [url],
  );
  const sums = await shop.ask({ url: `/builds/${id}/artifacts/SHA256`, headers: shop.auth });
  assert.equal(sums.body, `SHA256 (tiny "1" é.raw) = ${sha256}\n`);
});

test('an artifact has its media type, a disk its format too, and a text comes as text', async () => {
  await using shop = await apiShop();
  for (const [name, mediaType, format, type] of [
    ['a.raw', 'application/x-raw-disk-image', 'raw', 'application/octet-stream'],
    ['a.qcow2', 'application/x-qemu-disk', 'qcow2', 'application/octet-stream'],
    ['a.raw.zst', 'application/zstd', undefined, 'application/octet-stream'],
    ['a.raw.sha256', 'text/plain', undefined, 'text/plain; charset=utf-8'],
  ] as const) {
    const { id, url } = await published(shop, name, Buffer.from('x'), mediaType);
    const list = await shop.ask({ url: `/builds/${id}/artifacts`, headers: shop.auth });
    const [item] = list.json<{ items: { media_type: string; format?: string }[] }>().items;
    assert.deepEqual([item?.media_type, item?.format], [mediaType, format]);
    assert.equal((await shop.ask({ url, headers: shop.auth })).headers['content-type'], type);
  }
});

test('ranges: what is asked for, 416 with the size outside, the whole for what makes no sense', async () => {
  await using shop = await apiShop();
  const { url, etag } = await published(shop, 'a.raw', content);
  const ask = (headers: Record<string, string>, method: 'GET' | 'HEAD' = 'GET') =>
    shop.ask({ url, method, headers: { ...shop.auth, ...headers } });
  const cases: readonly (readonly [string, number, number, number])[] = [
    ['bytes=0-0', 206, 0, 1],
    ['bytes=99999-', 206, 99_999, 100_000],
    ['bytes=-5', 206, 99_995, 100_000],
    ['bytes=-200000', 206, 0, 100_000],
    ['bytes=10-200000', 206, 10, 100_000],
    ['bytes=5-4', 416, 0, 0],
    ['bytes=100000-', 416, 0, 0],
    ['bytes=-0', 416, 0, 0],
    ['bytes=0-1,5-6', 200, 0, 100_000],
    ['lines=0-1', 200, 0, 100_000],
    ['bytes=a-b', 200, 0, 100_000],
  ];
  for (const [range, status, start, end] of cases) {
    const reply = await ask({ range });
    assert.equal(reply.statusCode, status, range);
    if (status === 416) {
      // The digest of the file, not of the problem.
      assert.equal(reply.headers['repr-digest'], undefined);
      assert.equal(reply.headers['content-range'], 'bytes */100000');
      assert.equal(reply.json<{ code: string }>().code, 'range_not_satisfiable');
    } else assert.ok(reply.rawPayload.equals(content.subarray(start, end)), range);
    if (status === 206) assert.equal(reply.headers['content-range'], `bytes ${start}-${end - 1}/100000`);
  }
  assert.equal((await ask({ range: 'bytes=0-9', 'if-range': etag })).statusCode, 206);
  assert.equal((await ask({ range: 'bytes=0-9', 'if-range': '"sha256:other"' })).statusCode, 200);
  assert.equal((await ask({ range: 'bytes=0-9', 'if-range': `W/${etag}` })).statusCode, 200);
  assert.equal((await ask({ 'if-none-match': `"x", W/${etag}` })).statusCode, 304);
  assert.equal((await ask({ 'if-match': '"x"' })).statusCode, 412);
  assert.equal((await ask({ 'if-match': etag })).statusCode, 200);
  const head = await ask({ range: 'bytes=0-9' }, 'HEAD');
  assert.deepEqual([head.statusCode, head.headers['content-length'], head.body], [200, '100000', '']);
});

test('no name leads out of the folder of artifacts', async () => {
  await using shop = await apiShop();
  const { id } = await published(shop, 'a.raw', content);
  await shop.write(shop.folders.log(id), 'a secret');
  for (const name of ['..%2flog', '%2e%2e%2flog', '..%5clog', '%00', 'a.raw%00', 'b.raw', '.', '%2fetc%2fpasswd']) {
    const reply = await shop.ask({ url: `/builds/${id}/artifacts/${name}`, headers: shop.auth });
    assert.equal(reply.statusCode, 404, name);
  }
});

test('a download over a socket is whole, and a file that is gone is 404', async () => {
  await using shop = await apiShop();
  const big = randomBytes(5_000_000);
  const { id, url } = await published(shop, 'big.raw', big);
  const { url: host } = await shop.listen();
  const reply = await fetch(host + url, { headers: shop.auth });
  assert.ok(Buffer.from(await reply.arrayBuffer()).equals(big));
  await shop.parts.outputs.remove(id);
  assert.equal((await fetch(host + url, { headers: shop.auth })).status, 404);
});

test('a part of a file always lies in the file, whatever the header says (2,000 headers)', () => {
  const number = fc.oneof(fc.nat(2000).map(String), fc.constantFrom('', '-', '9'.repeat(20), 'x', ' 1', '1e3'));
  const range = fc.oneof(
    fc.string(),
    fc.tuple(number, number).map(([a, b]) => `bytes=${a}-${b}`),
  );
  fc.assert(
    fc.property(range, fc.nat(1000), (header, size) => {
      const part = partOf(header, size);
      if (part.kind !== 'part') return;
      assert.ok(part.first >= 0 && part.first <= part.last && part.last < size, JSON.stringify({ header, size, part }));
    }),
    runs(2000),
  );
});
