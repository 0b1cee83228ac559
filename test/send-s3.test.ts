import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { mayPass } from '../src/outward/peer.ts';
import { partsOf } from '../src/send/s3/parts.ts';
import { putObject } from '../src/send/s3/put-object.ts';
import { s3Login, s3Server } from './fixtures/s3-server.ts';
import { weakLine } from './fixtures/weak-line.ts';
import { faultOf, fileOfBytes, sendTools, sha256At } from './send-shop.ts';
import { isLong } from './fixtures/hypervisor.ts';

const mb = 2 ** 20;

const placeAt = (port: number, login = s3Login) => ({
  bucket: 'images',
  region: 'us-east-1',
  endpoint: new URL(`http://127.0.0.1:${port}`),
  login,
});

// With --machines, as large as images are.
const largeMb = isLong ? 1024 : 64;

test(`an object of ${largeMb} MB lands whole in a server that is not ours, though its connection breaks in the middle`, async () => {
  await using server = await s3Server('images');
  await using shop = await fileOfBytes(largeMb * mb);
  // The fifth connection is within the parts: the first asks for the upload.
  await using line = await weakLine(server.port, [Infinity, Infinity, Infinity, Infinity, 3 * mb, Infinity, 1000]);
  const { tools, lines, told } = sendTools([line.port], { silentMs: 20_000 });
  await putObject(placeAt(line.port), 'nightly/disk.raw', shop.file, tools);
  assert.equal(await sha256At(server.at('nightly/disk.raw')), shop.file.sha256);
  assert.equal(line.broken(), 2);
  assert.equal(lines.filter((text) => text.endsWith('It is tried again.')).length, 2);
  assert.equal(told.at(-1), shop.file.size);
  assert.deepEqual(
    told,
    told.toSorted((one, other) => one - other),
  );
  const head = await fetch(server.at('nightly/disk.raw'), { method: 'HEAD' });
  assert.equal(head.headers.get('x-amz-meta-sha256'), shop.file.sha256);
});

test('a small object and an empty one are written with one request each', async () => {
  await using server = await s3Server('images');
  for (const size of [0, 5 * mb]) {
    await using shop = await fileOfBytes(size);
    const { tools, told } = sendTools([server.port]);
    await putObject(placeAt(server.port), `of-${size}`, shop.file, tools);
    assert.equal(await sha256At(server.at(`of-${size}`)), shop.file.sha256);
    assert.deepEqual(told, [size]);
  }
});

test('wrong keys and a bucket that is not there are refusals, told at once with what the server said', async () => {
  await using server = await s3Server('images');
  await using shop = await fileOfBytes(10 * mb);
  const { tools, lines } = sendTools([server.port]);
  const wrongKey = () =>
    putObject(placeAt(server.port, { ...s3Login, secretAccessKey: 'other' }), 'x', shop.file, tools);
  const noBucket = () => putObject({ ...placeAt(server.port), bucket: 'nothing' }, 'x', shop.file, tools);
  for (const [work, said] of [
    [wrongKey, /403, SignatureDoesNotMatch/],
    [noBucket, /404, NoSuchBucket/],
  ] as const) {
    const fault = await faultOf(work());
    assert.equal(fault.code, 'destination_refused');
    assert.match(fault.message, said);
    assert.doesNotMatch(fault.message, /other|S3RVER/);
  }
  assert.deepEqual(lines, []);
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const started = '<InitiateMultipartUploadResult><UploadId>one</UploadId></InitiateMultipartUploadResult>';

/** A server that begins uploads, and then answers parts as it is told. */
const faulty = async (answer: Answer) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      asked.push(`${request.method} ${(request.url ?? '').replace(/x-id=\w+&?/, '')}`);
      if (request.method === 'POST') response.writeHead(200, { 'content-type': 'application/xml' }).end(started);
      else if (request.method === 'DELETE') response.writeHead(204).end();
      else answer(request, response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  const aborted = () => asked.filter((line) => line.startsWith('DELETE'));
  return {
    ...{ port, asked, aborted },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

const faults: Readonly<
  Record<
    string,
    { readonly answer: Answer; readonly code: string; readonly said: RegExp; readonly asks: 'once' | 'again' }
  >
> = {
  'answers 500': {
    answer: (_, response) => void response.writeHead(500).end('<html>no'),
    ...{ code: 'destination_unavailable', said: /answered 500/, asks: 'again' },
  },
  'answers 403': {
    answer: (_, response) =>
      void response.writeHead(403).end('<Error><Code>AccessDenied</Code><Message>not you</Message></Error>'),
    ...{ code: 'destination_refused', said: /403, AccessDenied and said "not you"/, asks: 'once' },
  },
  'leads to this host': {
    answer: (_, response) => void response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
    ...{ code: 'destination_refused', said: /answered 307/, asks: 'once' },
  },
  'says nothing': {
    answer: () => undefined,
    ...{ code: 'destination_unavailable', said: /nothing was heard for 1 s/, asks: 'again' },
  },
  'speaks no HTTP': {
    answer: (request) => void request.socket.end('garbage\r\n\r\n'),
    ...{ code: 'destination_unavailable', said: /Parse Error/, asks: 'again' },
  },
};

for (const [what, { answer, code, said, asks }] of Object.entries(faults))
  test(`a server that ${what} is a fault of its own, after ${asks === 'once' ? 'one attempt' : 'few attempts'}, and the upload is aborted there`, async () => {
    await using server = await faulty(answer);
    await using shop = await fileOfBytes(9 * mb);
    // Where an answer comes, a slow host has the time for it.
    const { tools } = sendTools([server.port], { silentMs: what === 'says nothing' ? 1000 : 20_000 });
    const fault = await faultOf(putObject(placeAt(server.port), 'x', shop.file, tools));
    assert.equal(fault.code, code);
    assert.match(fault.message, said);
    assert.equal(mayPass(fault), asks === 'again');
    assert.deepEqual(server.aborted(), ['DELETE /images/x?uploadId=one']);
    const sent = server.asked.filter((line) => line.startsWith('PUT'));
    assert.ok(asks === 'again' ? sent.length > 2 && sent.length <= 8 : sent.length <= 2, sent.join('\n'));
  });

test('a build that is cancelled aborts its upload', async () => {
  const stop = new AbortController();
  await using server = await faulty(() => stop.abort(new Error('cancelled')));
  await using shop = await fileOfBytes(9 * mb);
  const { tools } = sendTools([server.port], { signal: stop.signal });
  await assert.rejects(putObject(placeAt(server.port), 'x', shop.file, tools), /^Error: cancelled$/);
  assert.deepEqual(server.aborted(), ['DELETE /images/x?uploadId=one']);
});

test('parts are of 8 MB, or of as many as it takes for 10,000 of them', () => {
  assert.deepEqual(partsOf(0), [{ number: 1, from: 0, bytes: 0 }]);
  const large = partsOf(200 * 1024 * mb);
  assert.ok(large.length <= 10_000);
  assert.equal(
    large.reduce((sum, { bytes }) => sum + bytes, 0),
    200 * 1024 * mb,
  );
  assert.equal(partsOf(17 * mb).length, 3);
});
