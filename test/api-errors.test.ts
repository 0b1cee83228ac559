import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faults } from '../src/base/fault.ts';
import { apiShop } from './api-shop.ts';
import { nobody } from './store-shop.ts';
import { mintToken } from '../src/api/server/authentication/tokens.ts';
import { systemIds } from '../src/base/ids.ts';
import { untilTrue } from './fixtures/until-true.ts';

test('a token is let in until it expires, and says when it was last used', async () => {
  await using shop = await apiShop();
  const { id, secret, hash } = mintToken(systemIds);
  const expiresAt = Date.now() + 1500;
  await shop.store.addToken({ id, name: 'short', scopes: ['builds:read'], hash, expiresAt });
  const get = () => shop.ask({ url: '/builds', headers: { authorization: `Bearer ${secret}` } });
  assert.equal((await get()).statusCode, 200);
  await untilTrue(async () => (await shop.store.tokens()).find((token) => token.id === id)?.lastUsedAt !== undefined);
  await untilTrue(() => Date.now() >= expiresAt);
  const refused = await get();
  assert.equal(refused.statusCode, 401);
  assert.match(refused.json<{ detail: string }>().detail, /expired/);
});

test('without a token, with a wrong, a revoked or an ill-formed one: 401 and WWW-Authenticate', async () => {
  await using shop = await apiShop();
  const get = (authorization?: string) =>
    shop.ask({ url: '/builds', headers: authorization === undefined ? {} : { authorization } });
  const { id, authorization } = await shop.token(['builds:read']);
  assert.equal((await get(authorization)).statusCode, 200);
  assert.equal((await get(authorization.replace('Bearer', 'bearer '))).statusCode, 200);
  await shop.store.revokeToken(id);
  await new Promise((resolve) => setTimeout(resolve, 550));
  for (const wrong of [
    undefined,
    'Bearer',
    'Bearer x',
    `${authorization}x`,
    'Basic YTpi',
    authorization,
    `Bearer ${'x'.repeat(5000)}`,
  ]) {
    const reply = await get(wrong);
    assert.equal(reply.statusCode, 401, wrong);
    assert.match(String(reply.headers['www-authenticate']), /^Bearer realm="imaged"/);
    assert.equal(reply.json<{ code: string }>().code, 'unauthorized');
  }
});

test('a token that was made just now is let in at once', async () => {
  await using shop = await apiShop();
  await shop.ask({ url: '/builds', headers: shop.auth });
  const { authorization } = await shop.token(['builds:read']);
  assert.equal((await shop.ask({ url: '/builds', headers: { authorization } })).statusCode, 200);
});

test('a scope includes those below it, and a missing one is named', async () => {
  await using shop = await apiShop();
  const ask = async (scope: 'builds:read' | 'builds:write' | 'admin', method: 'GET' | 'POST') => {
    const { authorization } = await shop.token([scope]);
    return shop.ask({
      method,
      url: '/builds',
      headers: { authorization },
      ...(method === 'POST' ? { payload: { template: {} } } : {}),
    });
  };
  assert.equal((await ask('builds:read', 'GET')).statusCode, 200);
  assert.equal((await ask('builds:write', 'GET')).statusCode, 200);
  assert.equal((await ask('admin', 'POST')).statusCode, 201);
  const refused = await ask('builds:read', 'POST');
  assert.equal(refused.statusCode, 403);
  assert.match(refused.json<{ detail: string }>().detail, /builds:write/);
});

test('what everybody may read needs no token, and nothing else is open', async () => {
  await using shop = await apiShop();
  for (const url of [
    '/healthz',
    '/readyz',
    '/problems',
    '/problems/not_found',
    '/openapi.yaml',
    '/openapi.json',
    '/docs',
  ])
    assert.ok((await shop.ask({ url })).statusCode < 400, url);
  for (const url of [
    '/builds',
    `/builds/${nobody}`,
    '/metrics',
    '/host',
    '/templates',
    `/builds/${nobody}/artifacts/a`,
  ])
    assert.equal((await shop.ask({ url })).statusCode, 401, url);
});

test('every problem in the table has a page under its type, and an unknown one names the nearest', async () => {
  await using shop = await apiShop();
  const { items } = (await shop.ask({ url: '/problems' })).json<{ items: { code: string; type: string }[] }>();
  assert.deepEqual(
    items.map(({ code }) => code),
    Object.keys(faults),
  );
  for (const { type } of items) assert.equal((await shop.ask({ url: type })).statusCode, 200);
  const unknown = await shop.ask({ url: '/problems/not_fuond' });
  assert.match(unknown.json<{ detail: string }>().detail, /did you mean not_found/);
});

test('a method that an address does not take is 405 with those that it takes', async () => {
  await using shop = await apiShop();
  const reply = await shop.ask({ method: 'PATCH', url: `/builds/${nobody}`, headers: shop.auth });
  assert.equal(reply.statusCode, 405);
  assert.equal(reply.headers.allow, 'DELETE, GET, HEAD');
  assert.equal((await shop.ask({ url: '/nothing/here' })).statusCode, 404);
});

test('an address that cannot be read is told without its query, which may hold secrets', async () => {
  await using shop = await apiShop();
  for (const path of ['%ZZ', '%ff%fe']) {
    const { statusCode, body } = await shop.ask({
      url: `/builds/${path}?variable=password=geheim`,
      headers: shop.auth,
    });
    assert.equal(statusCode, 400);
    assert.match(body, /path of the address cannot be read/);
    assert.doesNotMatch(body, /geheim/);
  }
});

test('an unforeseen error tells its request id and nothing else', async () => {
  await using shop = await apiShop({
    host: async () => {
      throw new TypeError('cannot read /var/imaged/secret');
    },
  });
  const reply = await shop.ask({ url: '/host', headers: shop.auth });
  assert.equal(reply.statusCode, 500);
  assert.doesNotMatch(reply.body, /secret|TypeError|\.ts|\.js/);
  const { request_id } = reply.json<{ request_id: string }>();
  assert.equal(reply.headers['x-request-id'], request_id);
  assert.ok(shop.troubles.some((line) => line.includes(request_id) && line.includes('secret')));
});

test('a daemon that stops takes no builds: 503 and Retry-After; a host that is not ready says why', async () => {
  await using shop = await apiShop({
    readiness: async () => [{ name: 'disk', state: 'fail', message: '3 MiB are free.' }],
  });
  const ready = await shop.ask({ url: '/readyz' });
  assert.equal(ready.statusCode, 503);
  assert.equal(ready.json<{ ready: boolean }>().ready, false);
  shop.stop();
  const reply = await shop.ask({
    method: 'POST',
    url: '/builds',
    headers: shop.auth,
    payload: { template: {} },
  });
  assert.equal(reply.statusCode, 503);
  assert.ok(reply.headers['retry-after']);
});

test('the page at /docs asks nobody outside', async () => {
  await using shop = await apiShop();
  const page = await shop.ask({ url: '/docs/' });
  assert.equal(page.statusCode, 200);
  const policy = String(page.headers['content-security-policy']);
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /https?:|\*/);
  const start = await shop.ask({ url: '/docs/static/swagger-initializer.js' });
  assert.match(start.body, /"validatorUrl":\s*null/);
  const sources = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source = '']) => source);
  assert.ok(sources.length >= 4);
  for (const source of sources) {
    assert.doesNotMatch(source, /^(https?:)?\/\//);
    const reply = await shop.ask({ url: new URL(source, 'http://here/docs/').pathname });
    assert.equal(reply.statusCode, 200, source);
  }
});
