import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../src/base/clock.ts';
import { connectionsOfEndpoint } from '../src/base/descriptors.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { Fault } from '../src/base/fault.ts';
import type { ListenAt } from '../src/base/hardware.ts';
import { serveEndpoint, serveEndpointWithin } from '../src/httpd/endpoint/serve-endpoint.ts';
import type { EndpointAnswer, EndpointRequest } from '../src/httpd/endpoint/types.ts';
import { runs } from './fixtures/long.ts';

const secret = 'SECRET-OUTSIDE';
const big = randomBytes(3_000_001);

/** A folder with sets in it and a secret beside it, and an endpoint that serves it. */
const kiosk = async (at?: (folder: string) => ListenAt) => {
  const cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'endpoint-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'sets', 'deep'), { recursive: true });
  await writeFile(join(folder, 'secret'), secret);
  await writeFile(join(folder, 'sets', 'base.tgz'), big);
  await writeFile(join(folder, 'sets', 'index.txt'), '-rw-r--r-- base.tgz\n');
  await writeFile(join(folder, 'sets', 'deep', 'a b%2f'), 'deep');
  await writeFile(join(folder, 'sets', 'empty'), '');
  await symlink('../secret', join(folder, 'sets', 'leak'));
  await symlink('deep', join(folder, 'sets', 'inside'));
  await symlink('..', join(folder, 'sets', 'up'));
  await writeFile(join(folder, 'key.pub'), 'ssh-ed25519 AAAA\n');
  let renders = 0;
  const answers = new Map<string, EndpointAnswer>([
    ['install.conf', { kind: 'text', render: () => `count = ${++renders}\n` }],
    ['broken.conf', { kind: 'text', render: () => assert.fail('no variable is called x') }],
    ['page', { kind: 'text', type: 'text/html', render: () => '<p>ü</p>' }],
    ['key.pub', { kind: 'file', path: join(folder, 'key.pub') }],
    ['pub/sets', { kind: 'folder', path: join(folder, 'sets') }],
  ]);
  const told: EndpointRequest[] = [];
  const unread: string[] = [];
  let onTold = () => {};
  const where = at?.(folder) ?? { path: join(folder, 'http.sock') };
  const endpoint = await serveEndpoint({
    at: where,
    answers,
    hostname: 'base',
    onRequest: (request) => {
      told.push(request);
      onTold();
    },
    onUnread: (what) => {
      unread.push(what);
      onTold();
    },
  });
  cleanup.keep(endpoint);
  const target: NetConnectOpts = 'path' in where ? { path: where.path } : { host: where.host, port: where.port };
  return {
    folder,
    target,
    told,
    unread,
    dispose: () => endpoint[Symbol.asyncDispose](),
    /** Resolves when so many requests have been told. */
    untilTold: (count: number) =>
      new Promise<void>((resolve) => {
        onTold = () => {
          if (told.length >= count) resolve();
        };
        onTold();
      }),
    /** Resolves when it has been told of so many connections that went without a request, or with a reply unread. */
    untilUnread: (count: number) =>
      new Promise<void>((resolve) => {
        onTold = () => {
          if (unread.length >= count) resolve();
        };
        onTold();
      }),
    /** Sends these bytes and returns everything that comes back until the connection ends. */
    raw: (bytes: string) => exchange(target, bytes),
    get: async (path: string, headers = '', method = 'GET') =>
      parsed(await exchange(target, `${method} ${path} HTTP/1.0\r\n${headers}\r\n`)),
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};

const untilClosed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

const exchange = async (target: NetConnectOpts, bytes: string): Promise<Buffer> => {
  const socket = connect(target);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A reset after the reply is an ending like another: what has come so far is what counts.
  socket.on('error', () => undefined);
  socket.write(bytes, 'latin1');
  await untilClosed(socket);
  return Buffer.concat(chunks);
};

const parsed = (reply: Buffer) => {
  const split = reply.indexOf('\r\n\r\n');
  const [line = '', ...lines] = reply.subarray(0, split).toString('latin1').split('\r\n');
  const headers = new Map(
    lines.map((each) => [each.slice(0, each.indexOf(':')).toLowerCase(), each.slice(each.indexOf(':') + 2)]),
  );
  const body = reply.subarray(split + 4);
  return { status: Number(line.split(' ')[1]), headers, body, text: body.toString() };
};

const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : assert.fail('no port');
};

test('a text is rendered anew for each request, and each request is told once', async () => {
  await using shop = await kiosk();
  const first = await shop.get('/install.conf', 'User-Agent: OpenBSD ftp\r\n');
  const second = await shop.get('/install.conf?path=7.9/amd64');
  assert.equal(first.text, 'count = 1\n');
  assert.equal(second.text, 'count = 2\n');
  assert.equal(first.headers.get('content-length'), '10');
  assert.equal(first.headers.has('transfer-encoding'), false);
  await shop.untilTold(2);
  assert.equal(shop.told.length, 2);
  const { ms, ...rest } = shop.told[0] ?? assert.fail();
  assert.ok(ms > 0 && ms < 10_000);
  assert.deepEqual(rest, {
    method: 'GET',
    url: '/install.conf',
    status: 200,
    bytes: 10,
    from: 'unix',
    userAgent: 'OpenBSD ftp',
  });
  assert.equal(shop.told[1]?.url, '/install.conf?path=7.9/amd64');
});

test('a MAC, in any case, and its own host name lead a machine to the response file, another name does not', async () => {
  await using shop = await kiosk();
  const statusOf = async (path: string) => (await shop.get(path)).status;
  assert.equal(await statusOf('/fe:e1:bb:d1:00:01-install.conf?path=7.9/amd64'), 200);
  assert.equal(await statusOf('/FE:E1:BB:D1:00:01-install.conf'), 200);
  assert.equal(await statusOf('/fe%3Ae1:bb:d1:00:01-install.conf'), 200);
  assert.equal(await statusOf('/base-install.conf'), 200);
  assert.equal(await statusOf('/fe:e1:bb:d1:00-install.conf'), 404);
  assert.equal(await statusOf('/other-install.conf'), 404);
  assert.equal(await statusOf('/base-upgrade.conf'), 404, 'there is no upgrade.conf');
  assert.equal(await statusOf('/xbase-install.conf'), 404);
});

test('a text that cannot be rendered is a 500 without a word of why, and the reason is told', async () => {
  await using shop = await kiosk();
  const reply = await shop.get('/broken.conf');
  assert.equal(reply.status, 500);
  assert.doesNotMatch(reply.text, /variable|at .*:\d/);
  await shop.untilTold(1);
  assert.equal(shop.told[0]?.error, 'no variable is called x');
});

test('a name that is not there is a 404 that names the nearest', async () => {
  await using shop = await kiosk();
  const reply = await shop.get('/instal.cnf');
  assert.equal(reply.status, 404);
  assert.equal(reply.text, 'Not found: /instal.cnf. The nearest that is: /install.conf\n');
  for (const path of ['/', '/pub', '/pub/sets', '/pub/sets/', '/pub/sets/deep', '/pub/sets/deep/', '/nowhere/base.tgz'])
    assert.equal((await shop.get(path)).status, 404, path);
  const folder = await shop.get('/pub/sets');
  assert.equal(folder.text, 'Not found: /pub/sets. The nearest that is: /page\n');
  await rm(join(shop.folder, 'key.pub'));
  const gone = await shop.get('/key.pub');
  assert.match(gone.text, /^Not found: \/key\.pub\. The nearest that is: \/(?!key\.pub)/);
});

test('a file that the guest has already is not sent again: 304 by its ETag or, without one, by its date', async () => {
  await using shop = await kiosk();
  const first = await shop.get('/pub/sets/base.tgz');
  const [etag, modified] = [first.headers.get('etag') ?? '', first.headers.get('last-modified') ?? ''];
  const later = new Date(Date.parse(modified) + 60_000).toUTCString();
  const before = new Date(Date.parse(modified) - 1000).toUTCString();
  for (const [headers, status] of [
    [`If-None-Match: ${etag}`, 304],
    [`If-None-Match: "x", W/${etag}`, 304],
    ['If-None-Match: *', 304],
    ['If-None-Match: "x"', 200],
    [`If-Modified-Since: ${modified}`, 304],
    [`If-Modified-Since: ${later}`, 304],
    [`If-Modified-Since: ${before}`, 200],
    ['If-Modified-Since: 2040-01-01', 200],
    // The ETag alone counts where there is one; a range is asked for only of what is new.
    [`If-None-Match: "x"\r\nIf-Modified-Since: ${modified}`, 200],
    [`If-None-Match: ${etag}\r\nRange: bytes=0-9`, 304],
    [`If-None-Match: "x"\r\nRange: bytes=0-9`, 206],
  ] as const) {
    const reply = await shop.get('/pub/sets/base.tgz', `${headers}\r\n`);
    assert.equal(reply.status, status, headers);
    assert.equal(reply.headers.get('etag'), etag);
    if (status === 304) assert.equal(reply.body.length, 0);
  }
  assert.ok(shop.told.filter(({ status }) => status === 304).every(({ bytes }) => bytes === 0));
});

test('the bytes of every answer are told, those of a 416 too', async () => {
  await using shop = await kiosk();
  const reply = await shop.get('/pub/sets/base.tgz', 'Range: bytes=9000000-\r\n');
  assert.equal(reply.status, 416);
  await shop.untilTold(1);
  assert.deepEqual([shop.told[0]?.status, shop.told[0]?.bytes], [416, reply.body.length]);
});

// What carries the requests of a guest under QEMU: a program that connects, reads nothing, and may be killed at any moment.
const carrier = (folder: string, text: string) => {
  const talk = `const s = require('node:net').connect(${JSON.stringify(join(folder, 'http.sock'))}, () => {
    s.pause(); s.write(${JSON.stringify(text)}, () => process.stdout.write('sent'));
  });
  setInterval(() => {}, 2 ** 30)`;
  return spawn(process.execPath, ['-e', talk], { stdio: ['ignore', 'pipe', 'inherit'] });
};

test('a carrier that is killed with a whole reply unread, or before it has asked, is told of; one that reads is not', async () => {
  await using it = await kiosk();
  const first = carrier(it.folder, 'GET /install.conf HTTP/1.0\r\n\r\n');
  await it.untilTold(1);
  first.kill('SIGKILL');
  await it.untilUnread(1);
  const second = carrier(it.folder, 'GET /inst');
  await once(second.stdout, 'data');
  second.kill('SIGKILL');
  await it.untilUnread(2);
  assert.equal((await it.get('/install.conf')).body.toString(), 'count = 2\n');
  assert.deepEqual(it.unread, [
    'the reply to GET /install.conf was not read to its end',
    'a connection ended before it had asked for anything',
  ]);
  assert.deepEqual(
    it.told.map(({ status, error }) => ({ status, error })),
    [
      { status: 200, error: undefined },
      // What has come of a request is no request.
      { status: 400, error: 'what came is not an HTTP request: HPE_INVALID_EOF_STATE' },
      { status: 200, error: undefined },
    ],
  );
});

test('files come whole, with their length, by HTTP/1.0 and by HEAD', async () => {
  await using shop = await kiosk();
  const whole = await shop.get('/pub/sets/base.tgz');
  assert.ok(whole.body.equals(big));
  assert.equal(whole.headers.get('content-length'), String(big.length));
  assert.equal(whole.headers.has('transfer-encoding'), false);
  assert.equal((await shop.get('//pub/./sets//index.txt')).text, '-rw-r--r-- base.tgz\n');
  assert.equal((await shop.get('/pub/sets/deep/a%20b%252f')).text, 'deep');
  assert.equal((await shop.get('/pub/sets/inside/a%20b%252f')).text, 'deep');
  assert.equal((await shop.get('http://100.64.1.2/key.pub')).text, 'ssh-ed25519 AAAA\n');
  assert.equal((await shop.get('/pub/sets/empty')).status, 200);
  const page = await shop.get('/page');
  assert.deepEqual([page.headers.get('content-type'), page.headers.get('content-length')], ['text/html', '9']);
  const head = await shop.get('/pub/sets/base.tgz', '', 'HEAD');
  assert.deepEqual([head.headers.get('content-length'), head.body.length], [String(big.length), 0]);
  assert.deepEqual([(await shop.get('/page', '', 'HEAD')).body.length], [0]);
  await shop.untilTold(9);
  assert.deepEqual(
    shop.told.map(({ bytes }) => bytes),
    [big.length, 20, 4, 4, 17, 0, 9, 0, 0],
  );
  assert.ok(shop.told.every(({ error }) => error === undefined));
});

test('a set that was broken off can be resumed, and a range outside of it is refused', async () => {
  await using shop = await kiosk();
  const ranged = (range: string, more = '') => shop.get('/pub/sets/base.tgz', `Range: ${range}\r\n${more}`);
  const rest = await ranged('bytes=1000000-');
  assert.equal(rest.status, 206);
  assert.equal(rest.headers.get('content-range'), `bytes 1000000-3000000/3000001`);
  assert.ok(rest.body.equals(big.subarray(1_000_000)));
  assert.ok((await ranged('bytes=5-9')).body.equals(big.subarray(5, 10)));
  assert.ok((await ranged('bytes=-7')).body.equals(big.subarray(-7)));
  assert.ok((await ranged('bytes=2999999-99999999')).body.equals(big.subarray(-2)));
  assert.equal((await ranged('bytes=3000001-')).status, 416);
  assert.equal((await ranged('bytes=-0')).status, 416);
  assert.equal((await ranged('bytes=9-5')).status, 416);
  for (const ignored of ['bytes=1-2,5-6', 'lines=1-2', 'bytes=-', 'x'])
    assert.equal((await ranged(ignored)).status, 200, ignored);
  const tag = rest.headers.get('etag') ?? assert.fail();
  assert.equal((await ranged('bytes=5-9', `If-Range: ${tag}\r\n`)).status, 206);
  assert.equal((await ranged('bytes=5-9', 'If-Range: "other"\r\n')).status, 200);
});

test('a connection is kept for several requests, pipelined or not, and each is told', async () => {
  await using shop = await kiosk();
  const replies = await shop.raw(
    'GET /key.pub HTTP/1.1\r\n\r\nGET /nothing HTTP/1.1\r\n\r\nGET /page HTTP/1.1\r\nConnection: close\r\n\r\n',
  );
  assert.equal(
    replies
      .toString()
      .match(/HTTP\/1\.1 (200|404)/g)
      ?.join(),
    'HTTP/1.1 200,HTTP/1.1 404,HTTP/1.1 200',
  );
  assert.deepEqual(
    shop.told.map(({ status }) => status),
    [200, 404, 200],
  );
});

test('only GET and HEAD are answered, and the body of anything else is not read', async () => {
  await using shop = await kiosk();
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND', 'TRACE'])
    assert.equal(
      (await shop.get('/install.conf', 'Content-Length: 5000000\r\nContent-Type: x/y\r\n', method)).status,
      405,
    );
  assert.equal((await shop.raw('CONNECT 127.0.0.1:22 HTTP/1.1\r\n\r\n')).length, 0);
  assert.equal(shop.told.length, 6);
});

test('what is no HTTP, or has endless headers, is refused and told', async () => {
  await using shop = await kiosk();
  assert.equal(parsed(await shop.raw('SSH-2.0-OpenSSH_9.2\r\n')).status, 400);
  assert.equal(parsed(await shop.raw(`GET / HTTP/1.0\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).status, 431);
  assert.deepEqual(
    shop.told.map(({ status }) => status),
    [400, 431],
  );
});

test('what a guest sends is told without control characters and cut to a length', async () => {
  await using shop = await kiosk();
  await shop.get(`/\u009b2J${'x'.repeat(3000)}`, `User-Agent: \u009b2Jevil${'y'.repeat(3000)}\r\n`);
  const [request] = shop.told;
  assert.ok(request && request.url.length <= 512 && (request.userAgent?.length ?? 0) <= 200);
  assert.doesNotMatch(`${request.url}${request.userAgent ?? ''}`, /\p{Cc}/u);
});

test('a guest that leaves in the middle of a file is told so, with less than the whole, and no file stays open', async () => {
  await using shop = await kiosk();
  await truncate(join(shop.folder, 'sets', 'base.tgz'), 200_000_000);
  for (const wave of [1, 2, 3]) {
    const sockets = Array.from({ length: 10 }, () => connect(shop.target));
    for (const socket of sockets) {
      // Pipelined: the second reply waits behind the first when the connection goes.
      socket.write('GET /pub/sets/base.tgz HTTP/1.1\r\n\r\n'.repeat(3));
      await once(socket, 'readable');
    }
    sockets.forEach((socket) => socket.destroy());
    await shop.untilTold(wave * 30);
  }
  assert.equal(shop.told.length, 90);
  assert.ok(shop.told.every(({ bytes, error }) => bytes < 200_000_000 && error !== undefined));
  await shop.dispose();
  const open = await readdir('/proc/self/fd').then((numbers) => numbers.filter((fd) => leadsTo(fd, shop.folder)));
  assert.deepEqual(open, []);
});

const leadsTo = (fd: string, folder: string) => {
  try {
    return statSync(`/proc/self/fd/${fd}`).ino === statSync(join(folder, 'sets', 'base.tgz')).ino;
  } catch {
    // The number of the folder's own listing is gone by now.
    return false;
  }
};

test('a file that shrinks while it is sent ends its connection at once', async () => {
  await using shop = await kiosk();
  const file = join(shop.folder, 'sets', 'base.tgz');
  await truncate(file, 100_000_000);
  const socket = connect(shop.target);
  socket.write('GET /pub/sets/base.tgz HTTP/1.1\r\n\r\n');
  await once(socket, 'readable');
  await truncate(file, 10);
  socket.resume();
  await once(socket, 'close');
  assert.match(shop.told[0]?.error ?? '', /shrank|closed/);
});

test('disposing ends connections at once, tells what was cut, and takes the socket file away', async () => {
  await using shop = await kiosk();
  await truncate(join(shop.folder, 'sets', 'base.tgz'), 100_000_000);
  const [idle, busy] = [connect(shop.target), connect(shop.target)];
  await Promise.all([once(idle, 'connect'), once(busy, 'connect')]);
  busy.write('GET /pub/sets/base.tgz HTTP/1.1\r\n\r\n');
  await once(busy, 'readable');
  busy.resume().on('error', () => undefined);
  const gone = Promise.all([once(idle, 'close'), once(busy, 'close')]);
  idle.resume();
  await shop.dispose();
  await gone;
  assert.equal(shop.told.length, 1);
  assert.equal(shop.told[0]?.status, 200);
  assert.equal(existsSync(join(shop.folder, 'http.sock')), false);
});

test('a socket file of mode 0600 takes the place of one that a killed daemon left, and of nothing else', async () => {
  await using shop = await kiosk();
  const path = join(shop.folder, 'http.sock');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const spec = { answers: new Map(), mac: '', hostname: '', onRequest: () => undefined };
  {
    // The first listener still holds the same path: its file is taken over as a stale one would be.
    await using second = await serveEndpoint({ ...spec, at: { path } });
    assert.ok(second);
    assert.equal(parsed(await shop.raw('GET /key.pub HTTP/1.0\r\n\r\n')).status, 404);
  }
  await writeFile(path, 'a file');
  await assert.rejects(serveEndpoint({ ...spec, at: { path } }), (error) => {
    assert.ok(error instanceof Fault);
    return error.code === 'endpoint_failed' && error.message.includes(path);
  });
});

test('over TCP only the peer is heard; another is cut off unread and told with 403', async () => {
  const port = await freePort();
  await using shop = await kiosk(() => ({ host: '127.0.0.1', port, peer: '127.0.0.2' }));
  const request = 'GET /install.conf HTTP/1.0\r\n\r\n';
  assert.equal((await exchange({ host: '127.0.0.1', port, localAddress: '127.0.0.3' }, request)).length, 0);
  const reply = parsed(await exchange({ host: '127.0.0.1', port, localAddress: '127.0.0.2' }, request));
  assert.equal(reply.text, 'count = 1\n');
  assert.deepEqual(
    shop.told.map(({ status, from }) => `${status} ${from}`),
    ['403 127.0.0.3', '200 127.0.0.2'],
  );
});

test('a request that does not end and a reader that does not read are cut off', async () => {
  await using shop = await kiosk();
  await truncate(join(shop.folder, 'sets', 'base.tgz'), 100_000_000);
  const path = join(shop.folder, 'other.sock');
  const told: EndpointRequest[] = [];
  await using endpoint = await serveEndpointWithin(
    {
      connections: 4,
      waiting: 16,
      headerBytes: 8192,
      requestMs: 150,
      silentMs: 500,
      idleMs: 150,
      leaveMs: 200,
      closeMs: 1000,
      lookEveryMs: 20,
    },
    {
      at: { path },
      answers: new Map([['base.tgz', { kind: 'file', path: join(shop.folder, 'sets', 'base.tgz') }]]),
      hostname: '',
      onRequest: (request) => told.push(request),
    },
  );
  assert.ok(endpoint);
  assert.match((await exchange({ path }, 'GET /key.pub HTTP/1.1\r\nX: ')).toString(), /^HTTP\/1.1 408 /);
  const deaf = connect({ path }).on('error', () => undefined);
  const cut = untilClosed(deaf);
  deaf.write('GET /base.tgz HTTP/1.1\r\n\r\n');
  await once(deaf, 'readable');
  using limit = systemClock.deadline(10_000, new AbortController().signal, () => new Error('it was not cut off'));
  while (told.length < 2) await systemClock.sleep(20, limit.signal);
  deaf.resume();
  await cut;
  assert.deepEqual(
    told.map(({ status, bytes }) => [status, bytes < 100_000_000]),
    [
      [408, true],
      [200, true],
    ],
  );
});

test('connections beyond the limit get 503, the log hears of it once, and there is room again when others go', async () => {
  await using shop = await kiosk();
  const sockets: Socket[] = [];
  for (let count = 0; count < connectionsOfEndpoint; count++) {
    const socket = connect(shop.target);
    await once(socket, 'connect');
    sockets.push(socket);
  }
  for (let count = 0; count < 100; count++) {
    const reply = (await shop.raw('GET /key.pub HTTP/1.0\r\n\r\n')).toString();
    assert.match(reply, /^HTTP\/1\.1 503 .*\r\nRetry-After: 1\r\n/);
  }
  assert.deepEqual(
    shop.told.map(({ status }) => status),
    [503],
  );
  const closed = sockets.map((socket) => once(socket, 'close'));
  sockets.forEach((socket) => socket.resume().end());
  await Promise.all(closed);
  assert.equal((await shop.get('/key.pub')).status, 200);
});

test('no path leads out of the folder, hangs, or breaks the endpoint', async () => {
  const often = runs(2500);
  await using shop = await kiosk();
  const bit = fc.constantFrom(
    ...[
      '..',
      '.',
      '',
      '/',
      '//',
      '%2e%2e',
      '%2E.',
      '%2f',
      '%5c',
      '\\',
      '%00',
      '\0',
      '%252e',
      '%',
      '%zz',
      '%c0%ae',
      'up',
      'leak',
    ],
    ...[
      'pub',
      'sets',
      'pub/sets',
      'secret',
      'deep',
      'base.tgz',
      'install.conf',
      '?',
      '#',
      ';',
      ' ',
      '\t',
      'é',
      'http://x/',
      '*',
    ],
    ...[
      'fe:e1:bb:d1:00:01-install.conf',
      '(((((',
      'etc/passwd',
      shop.folder,
      'x'.repeat(500),
      '__proto__',
      'constructor',
    ],
  );
  const path = fc.oneof(
    fc.array(bit, { maxLength: 8 }).map((bits) => `/${bits.join('/')}`),
    fc.array(bit, { maxLength: 8 }).map((bits) => `/pub/sets/${bits.join('')}`),
    fc.string({ unit: 'binary', maxLength: 60 }).map((text) => `/pub/sets/../${text}`),
  );
  const method = fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST', 'G\0T', 'get');
  const digest = createHash('sha256').update(big).digest('hex');
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(method, path, async (verb, hostile) => {
      asked++;
      const reply = await shop.raw(`${verb} ${hostile} HTTP/1.0\r\n\r\n`);
      const { status, body } = parsed(reply);
      assert.ok([200, 400, 404, 405, 431].includes(status), `status ${status} for ${verb} ${hostile}`);
      assert.ok(!reply.includes(secret) && !reply.includes('root:'));
      if (status === 200 && body.length > 1000) assert.equal(createHash('sha256').update(body).digest('hex'), digest);
    }),
    often,
  );
  assert.equal(asked, often.numRuns);
  assert.ok(shop.told.every(({ status }) => status !== 500));
  assert.equal((await shop.get('/key.pub')).status, 200);
});
