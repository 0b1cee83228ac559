import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Problem } from '../src/api/schema-common.ts';
import { faults } from '../src/fault.ts';
import { apiShop } from './api-shop.ts';
import { aBuild, nobody } from './store-shop.ts';

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

test(
  'whatever is sent: no 5xx, and a problem document with every 4xx (2,500 requests)',
  { timeout: 120_000 },
  async () => {
    await using shop = await apiShop();
    const { build } = await shop.store.add(aBuild());
    await shop.store.cancel(build.id);
    const id = fc.oneof(
      fc.constantFrom(build.id, nobody, '%00', '..', '%2e%2e', '@1', 'é', 'tiny'),
      fc.string({ maxLength: 30 }).map(encodeURIComponent),
    );
    const leaf = fc.constantFrom(
      '',
      '/status',
      '/result',
      '/events',
      '/log',
      '/console',
      '/steps',
      '/input',
      '/hold',
      '/cancel',
      '/artifacts',
      '/artifacts/SHA256',
      '/versions',
      '/versions/1',
    );
    const word = fc.oneof(
      fc.constantFrom(
        '',
        '0',
        '-1',
        '1',
        'true',
        'false',
        'a=b',
        'NaN',
        '1e400',
        'queued',
        '2026-01-01',
        '__proto__',
        '[]',
      ),
      fc.string({ maxLength: 20 }),
    );
    const key = fc.oneof(
      fc.constantFrom(
        'validate',
        'variable',
        'label',
        'priority',
        'timeout',
        'on_error',
        'status',
        'template',
        'since',
        'limit',
        'after',
        'offset',
        'follow',
        '__proto__',
      ),
      fc.string({ maxLength: 8 }),
    );
    const query = fc.array(fc.tuple(key, word), { maxLength: 3 }).map((pairs) => new URLSearchParams(pairs).toString());
    const path = fc.oneof(
      fc.tuple(fc.constantFrom('/builds/', '/templates/', '/problems/'), id, leaf).map((parts) => parts.join('')),
      fc.constantFrom(
        '/builds',
        '/templates',
        '/problems',
        '/host',
        '/metrics',
        '/readyz',
        '/docs/static/x',
        '/docs/%2e%2e/x',
        '/',
        '//',
        '/%',
      ),
      fc.webPath().map((rest) => `/${rest}`),
    );
    const body = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .record(
          {
            template: fc.anything(),
            variables: fc.anything(),
            labels: fc.object(),
            priority: fc.anything(),
            timeout: fc.anything(),
            minutes: fc.anything(),
          },
          { requiredKeys: [] },
        )
        .map((value) => {
          try {
            return JSON.stringify(value);
          } catch {
            return '{}'; // what has no JSON, as a BigInt
          }
        }),
    );
    const headers = fc.record(
      {
        'content-type': fc.constantFrom(
          'application/json',
          'application/json; charset=utf-7',
          'application/x-tar',
          'application/gzip',
          'text/plain',
          'application/octet-stream',
          'x',
          'a/b;;',
          '',
        ),
        range: fc.oneof(fc.constantFrom('bytes=0-', 'bytes=9-1', 'bytes=-'), fc.stringMatching(/^[ -~]{0,20}$/)),
        'if-none-match': fc.stringMatching(/^[ -~]{0,20}$/),
        'last-event-id': fc.stringMatching(/^[ -~]{0,8}$/),
        'idempotency-key': fc.stringMatching(/^[ -~]{0,8}$/),
        accept: fc.constantFrom('text/event-stream', '*/*', 'x'),
      },
      { requiredKeys: [] },
    );
    const request = fc.record({
      method: fc.constantFrom('GET', 'GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS'),
      path,
      query,
      headers,
      body,
      known: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
    });
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(request, async ({ method, path, query, headers, body, known }) => {
        const reply = await shop.ask({
          method,
          url: query === '' ? path : `${path}?${query}`,
          headers: { ...(known ? shop.auth : {}), ...headers },
          ...(method === 'GET' || method === 'HEAD' ? {} : { payload: body }),
        });
        assert.ok(reply.statusCode < 500, `${reply.statusCode} ${reply.body} ${shop.troubles.at(-1)}`);
        if (reply.statusCode < 400 || method === 'HEAD') return;
        refused += 1;
        assert.match(String(reply.headers['content-type']), /^application\/problem\+json/);
        assert.equal(Problem.parse(reply.json()).status, reply.statusCode);
      }),
      { numRuns: 2500 },
    );
    assert.ok(refused > 500, `only ${refused} were refused`);
  },
);
