import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createPlain, type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { Fault } from '../src/base/fault.ts';
import { destination } from '../src/outward/destination.ts';
import { firstBytes } from '../src/outward/first-bytes.ts';
import { hostOf } from '../src/outward/hosts.ts';
import { mayPass } from '../src/outward/peer.ts';
import type { LookUp } from '../src/outward/reach.ts';
import { ask, type OutwardAsking } from '../src/outward/request.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const never = () => new AbortController().signal;

/** A server of this host with one answer, and what it was sent. */
const receiver = async (answer: Answer) => {
  const asked: { readonly method: string; readonly authorization: string | undefined; readonly body: Buffer }[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      asked.push({ method: request.method ?? '', authorization: request.headers.authorization, body });
      answer(request, response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    server,
    host: `127.0.0.1:${port}`,
    url: new URL(`http://127.0.0.1:${port}/x`),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

const to = (hosts: readonly string[], more: Partial<OutwardAsking> = {}, lookUp?: LookUp): OutwardAsking => ({
  peer: destination(() => hosts.map(hostOf), lookUp),
  headers: {},
  silentMs: 2000,
  signal: never(),
  ...more,
});

const takes: Answer = (_request, response) => void response.writeHead(201).end('thanks');

const leadsTo =
  (url: () => string, status = 307): Answer =>
  (_request, response) =>
    void response.writeHead(status, { location: url() }).end();

const faultOf = async (asking: Promise<unknown>): Promise<Fault> => {
  const error = await asking.then(
    () => assert.fail('it was taken'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Fault, String(error));
  return error;
};

const text = Buffer.from('the body');
const stream = { bytes: text.length, open: () => Readable.from([text]) };

test('nothing is sent to a host that [destinations] does not name, nor to this one unless it is named with its port', async () => {
  await using there = await receiver(takes);
  for (const hosts of [[], ['127.0.0.1'], ['127.0.0.1:1'], ['example.org']]) {
    const fault = await faultOf(ask(there.url, to(hosts, { method: 'POST', body: text })));
    assert.equal(fault.code, 'destination_refused', hosts.join());
    assert.match(fault.message, /"hosts" of \[destinations\]/);
    assert.equal(mayPass(fault), false);
  }
  const moves: LookUp = (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]);
  const named = new URL('http://hooks.test/x');
  const fault = await faultOf(ask(named, to(['hooks.test'], { method: 'POST', body: text }, moves)));
  assert.match(fault.message, /leads to 127\.0\.0\.1, which is an address of this host/);
  assert.deepEqual(there.asked, []);
});

test('a body of bytes and one of a stream come whole, with their method and length', async () => {
  await using there = await receiver(takes);
  for (const body of [text, stream]) {
    const reply = await ask(there.url, to([there.host], { method: 'PUT', body }));
    assert.equal(reply.statusCode, 201);
    assert.deepEqual(await firstBytes(reply, 3), { bytes: Buffer.from('tha'), isAll: false });
  }
  assert.deepEqual(
    there.asked.map(({ method, body }) => [method, String(body)]),
    [
      ['PUT', 'the body'],
      ['PUT', 'the body'],
    ],
  );
});

test('a redirect that keeps the method sends the body again, and the password only to the host that it is for', async () => {
  await using end = await receiver(takes);
  await using way = await receiver(leadsTo(() => end.url.href));
  const credentials = { authorization: 'Bearer hidden' };
  const asking = to([way.host, end.host], { method: 'PUT', body: stream, credentials });
  const reply = await ask(way.url, asking);
  reply.destroy();
  assert.deepEqual(end.asked, [{ method: 'PUT', authorization: undefined, body: text }]);
  assert.equal(way.asked[0]?.authorization, 'Bearer hidden');
});

test('no fault shows the password or the query of a URL, neither of one that is asked nor of one that it leads to', async () => {
  const login = 'me:s3cr3t@';
  const query = '?X-Amz-Signature=s3cr3t';
  for (const next of [
    `https://127.0.0.1:1/y${query}`,
    `http://${login}127.0.0.1:1/y`,
    `ftp://${login}x/${query}`,
    `http://[${query}`,
  ])
    for (const status of [301, 307]) {
      await using way = await receiver(leadsTo(() => next, status));
      const from = new URL(`${way.url.href}${query}`);
      for (const hosts of [[way.host], [way.host, '127.0.0.1:1']])
        for (const method of ['GET', 'POST'] as const) {
          const fault = await faultOf(ask(from, to(hosts, { method, ...(method === 'GET' ? {} : { body: text }) })));
          assert.doesNotMatch(`${fault.message} ${JSON.stringify(fault.facts)}`, /s3cr3t/);
          assert.match(fault.message, /127\.0\.0\.1/);
        }
    }
  const moves: LookUp = (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]);
  const named = await faultOf(
    ask(new URL(`http://hooks.test/x${query}`), to(['hooks.test'], { method: 'GET' }, moves)),
  );
  assert.match(named.message, /^http:\/\/hooks\.test\/x\?\.\.\. leads to 127/);
});

test('a redirect to a host that is not named, and one that would lose the body, are not followed', async () => {
  await using end = await receiver(takes);
  for (const status of [307, 308]) {
    await using way = await receiver(leadsTo(() => end.url.href, status));
    const fault = await faultOf(ask(way.url, to([way.host], { method: 'POST', body: text })));
    assert.equal(fault.code, 'destination_refused');
    assert.match(fault.message, new RegExp(`${way.host}/x leads to it`));
  }
  for (const status of [301, 302, 303]) {
    await using way = await receiver(leadsTo(() => end.url.href, status));
    const fault = await faultOf(ask(way.url, to([way.host, end.host], { method: 'POST', body: text })));
    assert.equal(fault.code, 'destination_unavailable');
    assert.match(fault.message, /is not followed/);
  }
  assert.deepEqual(end.asked, []);
});

test('a server that refuses before the body has come is sent none of it', async () => {
  await using there = await receiver(takes);
  there.server.on('checkContinue', (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(403).end();
  });
  let opened = 0;
  const body = { bytes: 5, open: () => Readable.from([Buffer.alloc((opened += 5))]) };
  const reply = await ask(there.url, to([there.host], { method: 'PUT', body }));
  reply.destroy();
  assert.deepEqual([reply.statusCode, opened], [403, 0]);
});

test('a server that takes the connection and says nothing is given up, as a fault that may pass', async () => {
  const sockets: Socket[] = [];
  const server = createPlain((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  const url = new URL(`http://127.0.0.1:${port}/`);
  for (const body of [text, stream]) {
    const fault = await faultOf(ask(url, to([`127.0.0.1:${port}`], { method: 'PUT', body, silentMs: 1500 })));
    assert.equal(fault.code, 'destination_unavailable');
    assert.match(fault.message, /nothing was heard for 1\.5 s/);
    assert.ok(mayPass(fault));
  }
  for (const socket of sockets) socket.destroy();
  server.close();
});
