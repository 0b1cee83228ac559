import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { clientAddress } from '../src/api/server/connections/client-address.ts';
import { isSlowReader, longestBodyMs, whySlowBody } from '../src/api/server/connections/pace.ts';
import { usualTimeouts, type Timeouts } from '../src/api/server/connections/timeouts.ts';
import { apiShop, usualLimits, type ApiShop } from './api-shop.ts';
import { aBuild } from './store-shop.ts';

const Problem = z.looseObject({ code: z.string(), detail: z.string() });

const quick: Timeouts = {
  headersMs: 300,
  strangerIdleMs: 200,
  idleMs: 60_000,
  body: { graceMs: 200, leastBytesPerSecond: 10_000, silentMs: 400, wholeMs: 2000, wholeBytesPerSecond: 1e6 },
  reader: { graceMs: 200, leastBytesPerSecond: 10_000_000 },
  leaveMs: 300,
  lookEveryMs: 50,
};

const problemIn = (reply: string) => Problem.parse(JSON.parse(reply.split('\r\n\r\n')[1] ?? ''));

const few = (all: number, perAddress = all): { limits: ApiShop['parts']['limits'] } => ({
  limits: { ...usualLimits, connections: { all, perAddress } },
});

const open = async (port: number, localAddress = '127.0.0.1'): Promise<Socket> => {
  const socket = connect({ host: localAddress, localAddress, port }).on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
};

/** Resolves when it has closed, in whatever way; the test's own time says when that takes too long. */
const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));

/** All that comes until the other side closes. */
const untilClosed = async (socket: Socket): Promise<string> => {
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => (text += part));
  await closed(socket);
  return text;
};

const get = async (port: number, path: string, headers = ''): Promise<string> => {
  const socket = await open(port);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`);
  return untilClosed(socket);
};

test('a connection beyond the bound gets 503 as a problem with Retry-After, and is closed', async () => {
  await using shop = await apiShop(few(8), quick);
  const { port } = await shop.listen();
  const { build } = await shop.store.add(aBuild());
  // Each with a request under way, so that none gives its place.
  const polls = await Promise.all(Array.from({ length: 8 }, () => open(port)));
  for (const poll of polls) poll.write(`GET /builds/${build.id}?wait=60 HTTP/1.1\r\nHost: x\r\nAuthorization: ${shop.auth.authorization}\r\n\r\n`); // prettier-ignore
  await sleep(1100);
  const refused = await Promise.all(Array.from({ length: 200 }, () => get(port, '/healthz')));
  for (const reply of refused) {
    assert.match(reply, /^HTTP\/1\.1 503 /);
    assert.match(reply, /\r\nretry-after: 5\r\n/);
    assert.match(reply, /\r\ncontent-type: application\/problem\+json/);
    assert.equal(problemIn(reply).code, 'too_many_connections');
  }
  assert.ok(polls.every(({ destroyed }) => !destroyed));
  polls.forEach((poll) => poll.destroy());
  for (let reply = ''; !reply.startsWith('HTTP/1.1 200 ');) reply = await get(port, '/healthz');
});

test('whoever holds idle connections and half-sent headers keeps nobody out', async () => {
  const slow = { ...quick, headersMs: 60_000 };
  await using shop = await apiShop(few(20), slow);
  const { port } = await shop.listen();
  const held = await Promise.all(Array.from({ length: 20 }, () => open(port)));
  const told = held.map((socket) => untilClosed(socket));
  for (const socket of held.slice(10)) socket.write('GET /healthz HTTP/1.1\r\nX: ');
  await sleep(1100);
  for (let count = 0; count < 5; count++) assert.match(await get(port, '/healthz'), /^HTTP\/1\.1 200 /);
  const first = await told[0];
  assert.match(first ?? '', /^HTTP\/1\.1 503 /);
  held.forEach((socket) => socket.destroy());
});

test('one address has its own bound; this host, where a proxy may stand, has not', () => {
  assert.equal(clientAddress('127.0.0.1'), undefined);
  assert.equal(clientAddress('::ffff:127.0.0.1'), undefined);
  assert.equal(clientAddress('::1'), undefined);
  assert.equal(clientAddress('::ffff:192.0.2.7'), '192.0.2.7');
  assert.equal(clientAddress('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2');
  assert.equal(clientAddress('2001:db8:1:2::9'), '2001:db8:1:2');
  assert.equal(clientAddress('fe80::1%em0'), 'fe80:0:0:0');
});

test('what Node would answer without a word, or about another matter, is a problem that says what to send', async () => {
  await using shop = await apiShop();
  const { port } = await shop.listen();
  const post = `POST /builds HTTP/1.1\r\nConnection: close\r\nAuthorization: ${shop.auth.authorization}\r\n`;
  const json = 'Host: x\r\nContent-Type: application/json\r\n';
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['GET /healthz HTTP/1.1\r\nConnection: close\r\n', 400, /no header host/],
    [`${post}${json}Expect: a-tip\r\nContent-Length: 2\r\n`, 400, /expect .* "100-continue"/],
    [`${post}Host: x\r\nContent-Length: 2\r\n`, 415, /^The body has no Content-Type; JSON/],
    [`${post}Host: x\r\nContent-Type: a, b\r\nContent-Length: 2\r\n`, 415, /send one type/],
    [
      `${post}${json}Content-Encoding: gzip\r\nContent-Length: 2\r\n`,
      415,
      /Content-Encoding gzip, .* application\/gzip/,
    ],
  ];
  for (const [head, status, detail] of cases) {
    const socket = await open(port);
    socket.write(`${head}\r\n${head.includes('Content-Length') ? '{}' : ''}`);
    const reply = await untilClosed(socket);
    assert.equal(reply.split(' ', 2)[1], String(status), reply);
    assert.match(problemIn(reply).detail, detail);
    assert.equal(/^accept-encoding: identity\r$/m.test(reply), head.includes('Encoding'), reply);
  }
});

test('a connection that shows no token ends soon: silent, with half a header, or between two requests', async () => {
  await using shop = await apiShop({}, quick);
  const { port } = await shop.listen();
  const [silent, half, between] = await Promise.all([open(port), open(port), open(port)]);
  half.write('GET /healthz HTTP/1.1\r\nX: ');
  const dripping = setInterval(() => half.write('x'), 20);
  between.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  const [one, two, three] = await Promise.all([untilClosed(silent), untilClosed(half), untilClosed(between)]);
  clearInterval(dripping);
  assert.match(one, /^HTTP\/1\.1 408 /);
  assert.match(two, /^HTTP\/1\.1 408 /);
  assert.match(three, /^HTTP\/1\.1 200 /);
});

test('a client that is told 408 and does not close is closed', async () => {
  await using shop = await apiShop({}, quick);
  const { port } = await shop.listen();
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true }).on('error', () => undefined);
  await once(socket, 'connect');
  socket.write('GET /healthz HTTP/1.1\r\nX: ');
  let text = '';
  socket.on('data', (part: Buffer) => (text += part.toString()));
  await once(socket, 'end', { signal: AbortSignal.timeout(5000) });
  assert.match(text, /^HTTP\/1\.1 408 /);
  // Nothing is left of it at the server: what is written meets a reset.
  const writing = setInterval(() => socket.write('x'), 50);
  await closed(socket);
  clearInterval(writing);
});

test('a connection that has shown a token stays between its requests', async () => {
  await using shop = await apiShop({}, quick);
  const { port } = await shop.listen();
  const socket = await open(port);
  const ask = async () => {
    socket.write(`GET /builds HTTP/1.1\r\nHost: x\r\nAuthorization: ${shop.auth.authorization}\r\n\r\n`);
    const [reply] = (await once(socket, 'data')) as [Buffer];
    return reply.toString();
  };
  assert.match(await ask(), /^HTTP\/1\.1 200 /);
  // Past what a stranger gets, with Node's own second on top.
  await sleep(1500);
  assert.match(await ask(), /^HTTP\/1\.1 200 /);
  socket.destroy();
});

test('a body that drips, stops, or takes too long for its size gets 408', async () => {
  await using shop = await apiShop({}, quick);
  const { port } = await shop.listen();
  const head = (type: string) =>
    `POST /builds HTTP/1.1\r\nHost: x\r\nAuthorization: ${shop.auth.authorization}\r\nContent-Type: ${type}\r\nContent-Length: 1000000\r\n\r\n`;
  const send = async (type: string, everyMs: number, bytes: number): Promise<string> => {
    const socket = await open(port);
    socket.write(head(type));
    const dripping = setInterval(() => socket.write(Buffer.alloc(bytes, ' ')), everyMs);
    const reply = await untilClosed(socket);
    clearInterval(dripping);
    return reply;
  };
  const replies = await Promise.all([
    send('application/json', 20, 1),
    send('application/gzip', 20, 1),
    send('application/json', 60_000, 1),
    send('application/json', 20, 4000),
  ]);
  const details = replies.map((reply) => {
    assert.match(reply, /^HTTP\/1\.1 408 /);
    const { code, detail } = problemIn(reply);
    assert.equal(code, 'request_timeout');
    return detail;
  });
  assert.match(details[0] ?? '', /less than 10000 bytes a second/);
  assert.match(details[1] ?? '', /less than 10000 bytes a second/);
  assert.match(details[2] ?? '', /Nothing came of the body|less than/);
  assert.match(details[3] ?? '', /had not come whole after 3 s/);
  assert.deepEqual([...shop.contexts], []);
  assert.deepEqual(shop.troubles, []);
});

test('a client that does not take its answer is cut off, and one that takes it slowly gets all of it', async () => {
  await using shop = await apiShop({}, { ...quick, reader: { graceMs: 300, leastBytesPerSecond: 1_000_000 } });
  const { port } = await shop.listen();
  const { build } = await shop.store.add(aBuild());
  const bytes = 30_000_000;
  await shop.write(shop.folders.log(build.id), Buffer.alloc(bytes, 'x'));
  const ask = async () => {
    const socket = await open(port);
    socket.pause();
    socket.write(`GET /builds/${build.id}/log HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${shop.auth.authorization}\r\n\r\n`); // prettier-ignore
    return socket;
  };
  const [deaf, slow] = [await ask(), await ask()];
  let taken = 0;
  slow.on('data', (part: Buffer) => {
    taken += part.length;
    slow.pause();
    setTimeout(() => slow.resume(), 1);
  });
  slow.resume();
  await closed(slow);
  assert.ok(taken > bytes, `${taken} bytes came`);
  // What the deaf one does: it reads nothing for longer than it may.
  await sleep(1500);
  let heard = 0;
  deaf.on('data', (part: Buffer) => (heard += part.length)).resume();
  await closed(deaf);
  assert.ok(heard < bytes, 'it was kept');
});

test('one token has a bound of requests that wait or follow, and another token its own', async () => {
  await using shop = await apiShop({ limits: { ...usualLimits, waitsPerToken: 2 } });
  await shop.listen();
  const { build } = await shop.store.add(aBuild());
  const url = `/builds/${build.id}?wait=60`;
  const waiting = [1, 2].map(() => shop.ask({ url, headers: shop.auth }));
  for (const path of [
    '?wait=60',
    '/result?wait=60',
    '/events?follow=true',
    '/log?follow=true',
    '/console?follow=true',
  ]) {
    const reply = await shop.ask({ url: `/builds/${build.id}${path}`, headers: shop.auth });
    assert.equal(reply.statusCode, 429, path);
    assert.equal(reply.headers['retry-after'], '5');
    assert.equal(reply.json<{ code: string }>().code, 'too_many_waiting');
  }
  assert.equal((await shop.ask({ url: `/builds/${build.id}`, headers: shop.auth })).statusCode, 200);
  const other = await shop.token(['builds:read']);
  const third = shop.ask({ url: `/builds/${build.id}?wait=1`, headers: { authorization: other.authorization } });
  assert.equal((await third).statusCode, 304);
  await shop.store.cancel(build.id);
  for (const reply of await Promise.all(waiting)) assert.equal(reply.statusCode, 200);
  assert.equal((await shop.ask({ url, headers: shop.auth })).statusCode, 200);
});

test('the time that a body may take grows with its size, and no slower than it must come', () => {
  const { body, reader } = usualTimeouts;
  const seen = { ms: 5000, silentMs: 0, bytes: 0, whole: 1000 };
  assert.equal(whySlowBody(seen, body), undefined);
  assert.match(whySlowBody({ ...seen, ms: 12_000 }, body) ?? '', /less than 1024 bytes a second: 0 in 12 s/);
  assert.match(whySlowBody({ ...seen, silentMs: 30_001, bytes: 999 }, body) ?? '', /Nothing came of the body for 30 s/);
  const large = 256 * 2 ** 20;
  assert.ok(longestBodyMs(large, body) > 30 * 60_000 && longestBodyMs(1000, body) < 61_000);
  assert.match(whySlowBody({ ms: 61_000, silentMs: 0, bytes: 1e6, whole: 1000 }, body) ?? '', /whole after 60 s/);
  assert.equal(whySlowBody({ ms: 15 * 60_000, silentMs: 0, bytes: 2e6, whole: large }, body), undefined);
  assert.equal(isSlowReader(4096, 31_000, reader), false);
  assert.equal(isSlowReader(4096, 31_001, reader), true);
});
