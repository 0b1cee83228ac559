import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Problem } from '../src/api/contract/common.ts';
import { apiShop } from './api-shop.ts';
import { aBuild, nobody } from './store-shop.ts';
import { runs } from './fixtures/long.ts';

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
    const often = runs(2500);
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
      often,
    );
    assert.ok(refused > often.numRuns / 2, `only ${refused} were refused`);
  },
);
