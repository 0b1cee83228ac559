import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import WebSocket from 'ws';
import { longestMessage } from '../src/api/server/streams/web-sockets.ts';
import { usualTimeouts } from '../src/api/server/connections/timeouts.ts';
import type { ApiParts } from '../src/api/types.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { Fault } from '../src/base/fault.ts';
import { deferred } from '../src/base/waiting.ts';
import { apiShop, usualLimits, type ApiShop } from './api-shop.ts';
import { fromTheManual, nginx } from './nginx.ts';
import { atBest } from './fixtures/at-best.ts';
import { untilTrue } from './fixtures/until-true.ts';
import { aBuild, aFault, claimed } from './store-shop.ts';

/** A build that is held, and how to let it go. */
const heldBuild = async ({ store }: ApiShop) => {
  await store.add(aBuild());
  const { build, token } = await claimed(store);
  await store.hold(build.id, token, { until: Date.now() + 60_000 }, aFault('provisioner_failed'));
  return {
    id: build.id,
    end: () => store.finish(build.id, token, { status: 'failed', fault: aFault('provisioner_failed') }),
  };
};

type Options = { readonly headers?: Record<string, string>; readonly query?: string };

/** An API that listens, a held build, and what opens sockets at its console; all are gone with the block. */
const desk = async (given: Parameters<typeof apiShop>[0] = {}, timeouts = usualTimeouts) => {
  const cleanup = cleanupStack();
  const shop = cleanup.keep(await apiShop(given, timeouts));
  const { url, port } = await shop.listen();
  const build = await heldBuild(shop);
  const at = `/builds/${build.id}/console/attach`;
  const path = shop.folders.console(build.id);
  const own = `ws${url.slice('http'.length)}${at}`;
  const open = (headers: Record<string, string>, address = own) => {
    const socket = new WebSocket(address, { headers });
    cleanup.defer(async () => socket.terminate());
    socket.on('error', () => undefined);
    return socket;
  };
  return {
    shop,
    build,
    url,
    port,
    at,
    open,
    /** Waits until it is open. */
    attach: async ({ headers = {}, query = '' }: Options = {}) => {
      const socket = open({ ...shop.auth, ...headers }, `${own}${query}`);
      const heard = listening(socket);
      await once(socket, 'open');
      return { socket, heard };
    },
    /** The problem document of a socket that is refused. */
    refused: async (headers: Record<string, string>) => {
      const socket = open(headers);
      socket.once('open', () => assert.fail('it was let in'));
      const [, reply] = (await once(socket, 'unexpected-response')) as [unknown, NodeJS.ReadableStream];
      return JSON.parse(await text(reply)) as { status: number; code: string; detail: string };
    },
    say: async (words: string | Uint8Array) => {
      await appendFile(path, words);
      shop.growth.grew(path);
    },
    begin: (words: string) => shop.write(path, words),
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};

/** What a socket has brought, and how it was closed. */
const listening = (socket: WebSocket) => {
  const heard = { bytes: '', texts: [] as unknown[], closed: deferred<{ code: number; reason: string }>() };
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) heard.bytes += data.toString('latin1');
    else heard.texts.push(JSON.parse(data.toString()));
  });
  socket.on('close', (code, reason) => heard.closed.resolve({ code, reason: reason.toString() }));
  return heard;
};

test('a held console says and hears bytes as they are, over one socket', async () => {
  await using here = await desk();
  await here.begin('what was said before\r\n');
  const { socket, heard } = await here.attach();
  socket.send(Buffer.from([0x03]));
  socket.send(Buffer.from('uptime\r'));
  await untilTrue(() => here.shop.typed.map(({ text }) => text).join('') === '\x03uptime\r');
  await here.say(Buffer.from([0x1b, 0x5b, 0x48, 0xff, 0x00]));
  await untilTrue(() => heard.bytes === '\x1b[H\xff\x00');
});

test('an offset gives what was said since, so that a reader of the transcript misses nothing', async () => {
  await using here = await desk();
  await here.begin('read before, and not read yet; ');
  const { heard } = await here.attach({ query: '?offset=13' });
  await here.say('said now');
  await untilTrue(() => heard.bytes === 'and not read yet; said now');
});

test('a socket is refused without a token, without the scope, to a page of another site, and for a build that takes no keys', async () => {
  await using here = await desk();
  assert.equal((await here.refused({})).code, 'unauthorized');
  const { authorization } = await here.shop.token(['builds:read']);
  assert.equal((await here.refused({ authorization })).code, 'forbidden');
  for (const origin of [
    'https://evil.example',
    `http://127.0.0.1:${here.port + 1}`,
    'null',
    `https://127.0.0.1.evil.example`,
  ])
    assert.equal((await here.refused({ ...here.shop.auth, origin })).code, 'foreign_request', origin);
  await here.attach({ headers: { origin: here.url } });
  await here.build.end();
  const { status, code, detail } = await here.refused(here.shop.auth);
  assert.deepEqual([status, code], [409, 'build_not_held']);
  assert.match(detail, /is failed: keys are taken while it is held/);
});

test('through nginx, as the manual has it, a socket opens for the pages of its name, and for those of the API’s own no longer', async () => {
  await using here = await desk();
  await using proxy = await nginx(await fromTheManual(here.url));
  await here.begin('');
  const open = (origin: string) =>
    here.open({ ...here.shop.auth, origin }, `ws${proxy.url.slice('http'.length)}${here.at}`);
  const socket = open(proxy.url);
  const heard = listening(socket);
  await once(socket, 'open');
  socket.send(Buffer.from('uptime\r'));
  await untilTrue(() => here.shop.typed.map(({ text }) => text).join('') === 'uptime\r');
  await here.say('up');
  await untilTrue(() => heard.bytes === 'up');
  const [, refused] = (await once(open(here.url), 'unexpected-response')) as [unknown, NodeJS.ReadableStream];
  assert.match(await text(refused), /foreign_request/);
});

test('a refused socket leaves no connection behind', async () => {
  await using here = await desk();
  for (let one = 0; one < 20; one++) await here.refused({});
  const count = () =>
    new Promise<number>((resolve, reject) =>
      here.shop.app.server.getConnections((error, connections) => (error ? reject(error) : resolve(connections))),
    );
  await untilTrue(async () => (await count()) === 0);
});

test('the address says that it is for WebSockets to who asks otherwise', async () => {
  await using here = await desk();
  const reply = await here.shop.ask({ url: here.at, headers: here.shop.auth });
  assert.equal(reply.statusCode, 426);
  assert.equal(reply.headers.upgrade, 'websocket');
});

test('a request that asks for another protocol is answered as if it had not asked, with its body', async () => {
  await using here = await desk();
  const ask = (options: object, body?: string) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const headers = {
        ...here.shop.auth,
        connection: 'Upgrade, HTTP2-Settings',
        upgrade: 'h2c',
        'http2-settings': 'AAMAAABkAARAAAAAAAIAAAAA',
      };
      const asking = httpRequest(here.url, {
        ...options,
        headers: { ...headers, ...('headers' in options ? (options.headers as object) : {}) },
      });
      asking.once(
        'response',
        (reply) => void text(reply).then((body) => resolve({ status: reply.statusCode, body }), reject),
      );
      asking.once('error', reject);
      asking.end(body);
    });
  const looked = await ask({ path: `/builds/${here.build.id}/status` });
  assert.deepEqual(looked, { status: 200, body: 'held\n' });
  const body = JSON.stringify({ template: { name: 'tiny' }, labels: { long: 'x'.repeat(200) } });
  const large = `${body}${' '.repeat(300_000)}`;
  for (const sent of [body, large]) {
    const made = await ask(
      {
        method: 'POST',
        path: '/builds',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) },
      },
      sent,
    );
    assert.equal(made.status, 201, made.body);
  }
  const websocket = await ask({
    path: `/builds/${here.build.id}/status`,
    headers: { upgrade: 'websocket', connection: 'upgrade' },
  });
  assert.equal(websocket.status, 200);
  const key = Buffer.alloc(16).toString('base64');
  for (const headers of [
    { 'sec-websocket-version': '8', 'sec-websocket-key': key },
    { 'sec-websocket-version': '13', 'sec-websocket-key': 'short' },
    { 'sec-websocket-version': '13' },
  ]) {
    const wrong = await ask({ path: here.at, headers: { ...headers, upgrade: 'websocket', connection: 'upgrade' } });
    assert.equal(wrong.status, 426, wrong.body);
    assert.match(wrong.body, /"code":"upgrade_required"/);
  }
});

test('two requests in a row on one connection are both answered where the first asks for another protocol', async () => {
  await using here = await desk();
  const socket = connect(here.port, '127.0.0.1');
  const get = (more: string) =>
    `GET /builds/${here.build.id}/status HTTP/1.1\r\nHost: x\r\nAuthorization: ${here.shop.auth.authorization}\r\n${more}\r\n`;
  socket.write(get('Connection: upgrade\r\nUpgrade: h2c\r\n') + get('Connection: close\r\n'));
  const all = await text(socket);
  assert.equal(all.match(/HTTP\/1\.1 200 OK/g)?.length, 2, all);
});

test('keys that are not typed are told, and the socket stays', async () => {
  const lent = { now: true };
  const typed: string[] = [];
  const type: ApiParts['live']['type'] = async (_id, bytes) => {
    if (lent.now) throw new Fault('console_lent', 'The console is detached for an operator.');
    typed.push(Buffer.from(bytes).toString());
  };
  await using here = await desk({ live: { type } });
  const { socket, heard } = await here.attach();
  socket.send(Buffer.from('a'));
  await untilTrue(() => heard.texts.length > 0);
  assert.deepEqual(heard.texts, [
    { error: { code: 'console_lent', detail: 'The console is detached for an operator.' } },
  ]);
  lent.now = false;
  socket.send(JSON.stringify({ resize: { columns: 132, rows: 43 } }));
  socket.send(Buffer.from('b'));
  await untilTrue(() => typed.join('') === 'b');
});

test('a text that is no control, and a message that is too long, close the socket with the code that says so', async () => {
  await using here = await desk();
  for (const words of ['hello', '{"resize":{"columns":-1,"rows":2}}', '{', '[]']) {
    const { socket, heard } = await here.attach();
    socket.send(words);
    assert.equal((await heard.closed.promise).code, 1003, words);
  }
  const { socket, heard } = await here.attach();
  socket.send(Buffer.alloc(longestMessage + 1));
  assert.equal((await heard.closed.promise).code, 1009);
  assert.deepEqual(here.shop.typed, []);
});

test('the socket closes when the hold ends, when the build is resumed, and when the daemon stops, and says which', async () => {
  const paused = new Set<string>();
  await using here = await desk({ live: { pauses: (id) => (paused.has(id) ? [{ name: 'look', until: 0 }] : []) } });
  const { heard: held } = await here.attach();
  await here.build.end();
  assert.equal((await held.closed.promise).code, 4000);

  await here.shop.store.add(aBuild());
  const { build, token } = await claimed(here.shop.store);
  paused.add(build.id);
  const url = `ws${here.url.slice('http'.length)}/builds/${build.id}/console/attach`;
  const socket = new WebSocket(url, { headers: here.shop.auth });
  const resumed = listening(socket);
  await once(socket, 'open');
  paused.delete(build.id);
  await here.shop.store.event(build.id, 'build.resumed', { by: 'a test' }, token);
  assert.deepEqual(await resumed.closed.promise, {
    code: 4000,
    reason: 'the build is neither held nor at a breakpoint any more',
  });

  const { id } = await heldBuild(here.shop);
  const last = new WebSocket(url.replace(build.id, id), { headers: here.shop.auth });
  const stopped = listening(last);
  await once(last, 'open');
  here.shop.stop();
  assert.equal((await stopped.closed.promise).code, 1001);
});

test('the API closes in time although a client does not answer that its socket is closed', async () => {
  await using here = await desk();
  const { socket } = await here.attach();
  socket.pause();
  here.shop.stop();
  const began = performance.now();
  await here.shop.app.close();
  const ms = performance.now() - began;
  assert.ok(ms < 4000, `it took ${ms} ms`);
});

test('a client that takes nothing is closed, and the flood costs the daemon less than 20 MB', async () => {
  await using here = await desk({}, { ...usualTimeouts, reader: { graceMs: 700, leastBytesPerSecond: 4096 } });
  const piece = Buffer.alloc(1024 * 1024, 'flood\r\n');
  await here.begin('');
  const { socket, heard } = await here.attach();
  socket.pause();
  const before = process.memoryUsage().arrayBuffers;
  for (let one = 0; one < 64; one++) await here.say(piece);
  const grown = await atBest(20, () => (process.memoryUsage().arrayBuffers - before) / 2 ** 20);
  assert.ok(grown < 20, `${grown} MB more`);
  // The socket is cut, whether or not the client reads the reason that stands behind all that it has not read.
  await untilTrue(() => here.shop.told.some((line) => line.includes('console detached')));
  socket.resume();
  assert.ok([1006, 4001].includes((await heard.closed.promise).code));
});

test('a client that types faster than the guest takes it is held back, and nothing of it is lost or mixed up', async () => {
  const gate = deferred<void>();
  const came = createHash('sha256');
  let bytes = 0;
  const type: ApiParts['live']['type'] = async (_id, piece) => {
    await gate.promise;
    bytes += piece.byteLength;
    came.update(piece);
  };
  await using here = await desk({ live: { type } });
  const { socket } = await here.attach();
  const flood = randomBytes(32 * 1024 * 1024);
  const sent = createHash('sha256').update(flood).digest('hex');
  const before = process.memoryUsage().arrayBuffers;
  for (let at = 0; at < flood.length; at += 32 * 1024) socket.send(flood.subarray(at, at + 32 * 1024));
  // Held back: what is sent waits with the client.
  let last = -1;
  await untilTrue(() => {
    const isStill = socket.bufferedAmount === last;
    last = socket.bufferedAmount;
    return isStill;
  });
  assert.ok(last > flood.length / 2, `${last} bytes wait with the client`);
  const grown = await atBest(20, () => (process.memoryUsage().arrayBuffers - before - last) / 2 ** 20);
  assert.ok(grown < 20, `${grown} MB more, beside what waits with the client`);
  gate.resolve();
  await untilTrue(() => bytes === flood.length);
  assert.equal(came.digest('hex'), sent);
});

test('a client that pings without end and takes no answer costs the daemon less than 20 MB', async () => {
  await using here = await desk();
  await here.begin('');
  const { socket } = await here.attach();
  socket.ping('are you there?');
  await once(socket, 'pong');
  socket.pause();
  const before = process.memoryUsage().arrayBuffers;
  const payload = randomBytes(125);
  // As fast as they go, with few of them waiting here.
  for (let sent = 0; sent < 400_000; sent += 1000) {
    for (let one = 0; one < 1000; one++) socket.ping(payload);
    await untilTrue(() => socket.bufferedAmount < 1024 * 1024);
  }
  const grown = (process.memoryUsage().arrayBuffers - before) / 2 ** 20;
  assert.ok(grown < 20, `${grown} MB more`);
});

test('a socket is closed when its token is revoked', async () => {
  await using here = await desk();
  await here.begin('');
  const { id, authorization } = await here.shop.token(['builds:write'], 'soon gone');
  const { heard: other } = await here.attach();
  const { heard } = await here.attach({ headers: { authorization } });
  await here.shop.store.revokeToken(id);
  assert.equal((await heard.closed.promise).code, 4004);
  await here.say('still heard');
  await untilTrue(() => other.bytes === 'still heard');
});

test('a hundred sockets of one token are its limit of waiting requests, and each that goes makes room', async () => {
  await using here = await desk({ limits: { ...usualLimits, waitsPerToken: 100 } });
  await here.begin('');
  const attached = await Promise.all(Array.from({ length: 100 }, () => here.attach()));
  assert.equal((await here.refused(here.shop.auth)).code, 'too_many_waiting');
  await here.say('to all of them');
  await untilTrue(() => attached.every(({ heard }) => heard.bytes === 'to all of them'));
  attached[0]?.socket.close();
  await attached[0]?.heard.closed.promise;
  await untilTrue(async () => {
    const socket = new WebSocket(`ws${here.url.slice('http'.length)}${here.at}`, { headers: here.shop.auth });
    socket.on('error', () => undefined);
    const opened = await Promise.race([once(socket, 'open').then(() => true), once(socket, 'close').then(() => false)]);
    socket.terminate();
    return opened;
  });
});
