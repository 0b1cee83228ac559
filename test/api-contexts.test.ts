import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { apiShop, type ApiShop, usualLimits } from './api-shop.ts';

const post = (shop: ApiShop, query: string, payload: string | Buffer, headers: Record<string, string> = {}) =>
  shop.ask({
    method: 'POST',
    url: `/builds${query}`,
    headers: { ...shop.auth, 'content-type': 'application/gzip', ...headers },
    payload,
  });

test('an archive is a context, and the query says what a JSON body would say', async () => {
  await using shop = await apiShop();
  const reply = await post(
    shop,
    '?variable=release=7.9&variable=a=b=c&label=team=infra&priority=-3&timeout=90&on_error=hold',
    'x',
  );
  assert.equal(reply.statusCode, 201);
  const { id, labels, priority, timeout_seconds, on_error } = reply.json<Record<string, unknown>>();
  assert.deepEqual(
    { labels, priority, timeout_seconds, on_error },
    { labels: { team: 'infra' }, priority: -3, timeout_seconds: 90, on_error: 'hold' },
  );
  const input = await shop.store.input(String(id));
  assert.equal(input?.variables['release'], '7.9');
  assert.equal(input?.variables['a'], 'b=c');
  assert.equal(shop.contexts.size, 1);
});

test('a context that no build refers to is dropped: dry runs, replays, refusals', async () => {
  await using shop = await apiShop();
  const dry = await post(shop, '?validate=true', 'x');
  assert.equal(dry.statusCode, 200);
  assert.equal(dry.json<{ notes: { pointer: string }[] }>().notes[0]?.pointer, 'template.json:/install');
  assert.equal(shop.contexts.size, 0);
  const key = { 'idempotency-key': 'k' };
  const first = await post(shop, '', 'x', key);
  const again = await post(shop, '', 'x', key);
  assert.equal(again.headers.location, first.headers.location);
  assert.equal(shop.contexts.size, 1);
  assert.equal((await post(shop, '', 'y', key)).statusCode, 422);
  assert.equal(shop.contexts.size, 1);
  const bad = await post(shop, '', 'bad');
  assert.equal(bad.statusCode, 422);
  assert.equal(bad.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer, 'template.json:/machine/memory');
  assert.equal(
    bad.json<{ detail: string }>().detail,
    'The template cannot be built: template.json:/machine/memory: is no size.',
  );
  assert.equal(shop.contexts.size, 1);
});

test('a query that only a context takes is refused beside a JSON body', async () => {
  await using shop = await apiShop();
  const reply = await shop.ask({
    method: 'POST',
    url: '/builds?label=a=b',
    headers: shop.auth,
    payload: { template: {} },
  });
  assert.equal(reply.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer, 'query:/label');
});

test('a context beyond the limit is refused whether or not it says its length, and the client gets to read why', async () => {
  await using shop = await apiShop({ limits: { ...usualLimits, bodyBytes: 1000, contextBytes: 100_000 } });
  const announced = await post(shop, '', Buffer.alloc(100_001));
  assert.equal(announced.statusCode, 413);
  const { url } = await shop.listen();
  const chunks = async function* () {
    for (let sent = 0; sent < 400; sent++) yield Buffer.alloc(1000);
  };
  const silent = await fetch(`${url}/builds`, {
    method: 'POST',
    headers: { ...shop.auth, 'content-type': 'application/x-tar' },
    body: ReadableStream.from(chunks()),
    duplex: 'half',
  });
  assert.equal(silent.status, 413);
  assert.equal(((await silent.json()) as { code: string }).code, 'too_large');
  assert.equal(shop.contexts.size, 0);
});

test('a client that goes away in the middle of its archive leaves no context', async () => {
  await using shop = await apiShop();
  const { port } = await shop.listen();
  const socket = connect(port, '127.0.0.1');
  const request = `POST /builds HTTP/1.1\r\nhost: a\r\nauthorization: ${shop.auth.authorization}\r\ncontent-type: application/x-tar\r\ncontent-length: 1000\r\n\r\nabc`;
  await new Promise<void>((resolve) => socket.write(request, () => resolve()));
  socket.destroy();
  await shop.app.close();
  assert.equal(shop.contexts.size, 0);
  assert.deepEqual((await shop.store.list({}, { limit: 1 })).items, []);
});

test('a body of another type is 415 and says what is taken, with a hint for curl -d', async () => {
  await using shop = await apiShop();
  for (const type of [
    'application/x-www-form-urlencoded',
    'text/plain',
    'application/xml',
    'application/octet-stream',
  ]) {
    const reply = await post(shop, '', 'a=b', { 'content-type': type });
    assert.equal(reply.statusCode, 415, type);
    assert.equal(reply.json<{ code: string }>().code, 'unsupported_media_type');
  }
  const form = await post(shop, '', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' });
  assert.match(form.json<{ detail: string }>().detail, /--json/);
  for (const headers of [shop.auth, { ...shop.auth, 'content-type': 'application/yaml' }]) {
    const none = await shop.ask({ method: 'POST', url: '/builds', headers });
    assert.equal(none.statusCode, 415);
    assert.match(none.json<{ detail: string }>().detail, /^The request has no body; JSON /);
  }
});

test('bad JSON is answered with line and column; twice the same key and depth without end are refused', async () => {
  await using shop = await apiShop();
  const send = async (payload: string) => {
    const reply = await shop.ask({
      method: 'POST',
      url: '/builds',
      headers: { ...shop.auth, 'content-type': 'application/json' },
      payload,
    });
    assert.equal(reply.statusCode, 400);
    return reply.json<{ detail: string; errors?: { pointer: string }[] }>();
  };
  assert.match((await send('{\n  "template": {},\n  oops\n}')).detail, /line 3, column 3/);
  assert.match((await send('{"a": 1')).detail, /not the end of the text/);
  assert.equal((await send('{"template": {"a/b": 1, "a/b": 2}}')).errors?.[0]?.pointer, '/template/a~1b');
  assert.match((await send('['.repeat(100_000))).detail, /nests deeper than 64/);
  assert.match((await send('{"__proto__": {}}')).detail, /__proto__/);
  const tar = `./${'\0'.repeat(255)}ustar  ${'\0'.repeat(248)}`;
  assert.equal((await send(tar)).detail, 'The body looks like a tar archive: send Content-Type: application/x-tar.');
});

test('a JSON body is read no further than its bounds: values, keys, numbers, UTF-8', async () => {
  await using shop = await apiShop();
  const send = async (payload: string | Buffer) => {
    const reply = await shop.ask({
      method: 'POST',
      url: '/builds',
      headers: { ...shop.auth, 'content-type': 'application/json' },
      payload,
    });
    const { code, detail, errors } = reply.json<{ code: string; detail: string; errors?: { pointer: string }[] }>();
    return { code, detail, pointer: errors?.[0]?.pointer };
  };
  const refused = async (payload: string | Buffer, detail: RegExp, pointer?: string) => {
    const problem = await send(payload);
    assert.equal(problem.code, 'bad_request', problem.detail);
    assert.match(problem.detail, detail);
    assert.equal(problem.pointer, pointer);
  };
  await refused(`[${'1,'.repeat(2000)}1]`, /more than 2000 entries/, '');
  await refused(`[${`[${'1,'.repeat(1999)}1],`.repeat(11)}1]`, /more than 20000 values at line 1/);
  await refused(`{"a": {"${'k'.repeat(1001)}": 1}}`, /key of more than 1000/, '/a');
  await refused('{"a": [1, 1e999]}', /larger than any number/, '/a/1');
  await refused('{"a": 1e-999}', /smaller than any number/, '/a');
  await refused('{"a": -0}', /write 0/, '/a');
  await refused('{"a": ["\\ud83d\\ude00", "x\\uDE00\\ud83d"]}', /half of a character/, '/a/1');
  await refused('{"a": {"\\ud800": 1}}', /key that holds half of a character/, '/a');
  await refused(`{"a": ${'9'.repeat(400)}}`, /number of 400 characters/, '/a');
  await refused(Buffer.from('{"a": "\xff"}', 'latin1'), /not UTF-8/);
  await refused(Buffer.from('\ufeff{}', 'utf16le'), /not UTF-8/);
  assert.equal((await send('\ufeff{"template": 1}')).code, 'invalid_input', 'a byte order mark was not passed over');
});

test('templates are versions that never change: the same again is 200, new is 201', async () => {
  await using shop = await apiShop();
  const put = (payload: object, name = 'openbsd') =>
    shop.ask({ method: 'PUT', url: `/templates/${name}`, headers: shop.auth, payload });
  const get = (url: string, headers = {}) => shop.ask({ url, headers: { ...shop.auth, ...headers } });
  const first = await put({ name: 'openbsd' });
  assert.equal(first.statusCode, 201);
  assert.equal(first.headers.location, '/templates/openbsd/versions/1');
  assert.equal((await put({ name: 'openbsd' })).statusCode, 200);
  assert.equal((await put({ name: 'openbsd', x: 1 })).json<{ version: number }>().version, 2);
  assert.equal((await get('/templates/openbsd')).json<{ version: number }>().version, 2);
  const one = await get('/templates/openbsd/versions/1');
  assert.deepEqual(one.json<{ document: unknown }>().document, { name: 'openbsd' });
  assert.equal((await get('/templates/openbsd/versions/1', { 'if-none-match': one.headers.etag })).statusCode, 304);
  assert.equal((await get('/templates/openbsd/versions/3')).statusCode, 404);
  assert.equal((await get('/templates/openbsd/versions/x')).statusCode, 404);
  assert.equal((await get('/templates/none/versions')).statusCode, 404);
  assert.equal((await get('/templates/openbsd/versions')).json<{ items: unknown[] }>().items.length, 2);
  assert.equal((await get('/templates')).json<{ items: unknown[] }>().items.length, 1);
  assert.equal((await put({ name: 'bad' })).statusCode, 422);
  const build = await shop.ask({
    method: 'POST',
    url: '/builds',
    headers: shop.auth,
    payload: { template: 'openbsd@2' },
  });
  assert.deepEqual(build.json<{ template: unknown }>().template, { name: 'openbsd', version: 2 });
  const forget = () => shop.ask({ method: 'DELETE', url: '/templates/openbsd', headers: shop.auth });
  assert.equal((await forget()).statusCode, 204);
  assert.equal((await forget()).statusCode, 404);
  assert.equal((await get('/templates/openbsd')).statusCode, 404);
});

test('an archive of a template that is there already is dropped', async () => {
  await using shop = await apiShop();
  const put = (payload = 'x') =>
    shop.ask({
      method: 'PUT',
      url: '/templates/tiny',
      headers: { ...shop.auth, 'content-type': 'application/zstd' },
      payload,
    });
  assert.equal((await put()).statusCode, 201);
  assert.equal((await put()).statusCode, 200);
  const bad = await put('bad');
  assert.equal(bad.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer, 'template.json:/name');
  assert.equal(shop.contexts.size, 1);
});

test('a request that is no HTTP, or has headers without end, is answered with a problem', async () => {
  await using shop = await apiShop();
  const { port } = await shop.listen();
  const say = async (bytes: string) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(bytes);
    return text(socket);
  };
  assert.match(await say('HELLO\r\n\r\n'), /^HTTP\/1\.1 400 [^]*"code":"bad_request"/);
  assert.match(
    await say(`GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 [^]*"code":"headers_too_large"/,
  );
  assert.match(
    await say('GET /healthz HTTP/1.1\r\nhost: a\r\nHost: b\r\nconnection: close\r\n\r\n'),
    /^HTTP\/1\.1 400 [^]*The header Host comes twice/,
  );
  assert.match(
    await say('GET /%zz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'),
    /^HTTP\/1\.1 400 [^]*"code":"bad_request"/,
  );
});
