import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { PageFiles } from '../src/api/page/types.ts';
import { apiShop } from './api-shop.ts';

const pageShop = async () => {
  const there = await apiShop();
  const { text } = { text: (await there.app.inject('/')).payload };
  const [script = ''] = /page\/main-[A-Z0-9]+\.js/.exec(text) ?? [];
  return { there, text, script: `/${script}`, [Symbol.asyncDispose]: () => there[Symbol.asyncDispose]() };
};

test('the page is served without a token, under a policy that allows its own files alone', async () => {
  await using shop = await pageShop();
  for (const url of ['/', shop.script]) {
    const { statusCode, headers } = await shop.there.app.inject(url);
    assert.equal(statusCode, 200);
    assert.equal(
      headers['content-security-policy'],
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
  }
  assert.doesNotMatch(shop.text, /https?:|style=|<script>|\son[a-z]+=/);
});

test('a file whose name has its digest is kept for a year, the page itself is asked for each time', async () => {
  await using shop = await pageShop();
  const { app } = shop.there;
  const file = await app.inject(shop.script);
  assert.equal(file.headers['cache-control'], 'public, max-age=31536000, immutable');
  const page = await app.inject('/');
  assert.equal(page.headers['cache-control'], 'no-cache');
  const again = await app.inject({ url: '/', headers: { 'if-none-match': String(page.headers.etag) } });
  assert.deepEqual([again.statusCode, again.payload], [304, '']);
});

test('it comes compressed as the browser takes it, and as it is where it does not', async () => {
  await using shop = await pageShop();
  const get = (encoding: string) =>
    shop.there.app.inject({ url: shop.script, headers: { 'accept-encoding': encoding } });
  const whole = await get('identity');
  assert.equal(whole.headers['content-encoding'], undefined);
  const brotli = await get('gzip, deflate, br');
  assert.equal(brotli.headers['content-encoding'], 'br');
  assert.ok(brotliDecompressSync(brotli.rawPayload).equals(whole.rawPayload));
  const gzip = await get('gzip;q=1.0, br;q=0');
  assert.equal(gzip.headers['content-encoding'], 'gzip');
  assert.ok(gunzipSync(gzip.rawPayload).equals(whole.rawPayload));
  assert.equal(new Set([whole, brotli, gzip].map(({ headers }) => headers.etag)).size, 3);
});

test('no other file is served: not by dots, not by a compressed form’s name', async () => {
  await using shop = await pageShop();
  for (const name of ['..%2Fpackage.json', '%2e%2e%2fpackage.json', 'index.html.br', 'nothing.js', '.']) {
    const { statusCode } = await shop.there.app.inject(`/page/${name}`);
    assert.equal(statusCode, 404, name);
  }
});

test('where the page was not built, that is said, and where the API is described', async () => {
  const none: PageFiles = new Map();
  await using shop = await apiShop({ page: async () => none });
  const reply = await shop.app.inject('/');
  assert.equal(reply.statusCode, 404);
  assert.match(reply.json<{ detail: string }>().detail, /npm run build.*\/docs/);
});
