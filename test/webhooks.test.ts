import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { untilTrue } from './fixtures/until-true.ts';
import { claimed, aBuild, aFault, failsAs } from './store-shop.ts';
import { webhookReceiver, type Received } from './webhook-receiver.ts';
import { aWebhook, secret, webhookShop } from './webhook-shop.ts';

const secondMs = 1000;
const hourMs = 3_600_000;

/** The signature that the Standard Webhooks specification asks for, worked out here once more. */
const signatureOf = ({ headers, body }: Received, key: Uint8Array): string =>
  `v1,${createHmac('sha256', key)
    .update(`${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`)
    .digest('base64')}`;

test('the end of a build is told once, signed, with the build as the API shows it and why it failed', async () => {
  await using receiver = await webhookReceiver();
  await using shop = await webhookShop([`127.0.0.1:${receiver.port}`]);
  const build = await shop.fail([aWebhook(receiver.url)]);
  const { delivery, attempts } = await shop.attempted(build, 1);
  assert.equal(delivery.state, 'delivered');
  assert.equal(attempts[0]?.status, 204);
  const [told] = receiver.received;
  assert.ok(told);
  assert.equal(told.headers['webhook-id'], delivery.id);
  assert.equal(told.headers['webhook-timestamp'], String(Math.floor(shop.shop.clock.time / 1000)));
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  assert.equal(told.headers['webhook-signature'], signatureOf(told, key));
  const body = JSON.parse(told.body) as { version: number; type: string; data: { build: Record<string, unknown> } };
  assert.equal(body.version, 1);
  assert.equal(body.type, 'build.failed');
  assert.equal(body.data.build['id'], build);
  assert.equal(body.data.build['status'], 'failed');
  assert.match(JSON.stringify(body.data.build['fault']), /panic: as it comes/);
  assert.equal(receiver.received.length, 1);
});

test('only the chosen events are told, in the words of the events', async () => {
  await using receiver = await webhookReceiver();
  await using shop = await webhookShop([`127.0.0.1:${receiver.port}`]);
  const { store, clock } = shop.shop;
  await store.add(aBuild({ notify: [aWebhook(receiver.url, { events: ['build.held', 'build.cancelled'] })] }));
  const { build, token } = await claimed(store);
  await store.hold(build.id, token, { until: clock.time + hourMs }, aFault('guest_panicked'));
  await receiver.untilReceived(1);
  await store.finish(build.id, token, { status: 'failed', fault: aFault('guest_panicked') });
  await untilTrue(async () =>
    (await store.deliveries(build.id, { limit: 9 })).items.every((one) => one.state !== 'pending'),
  );
  assert.deepEqual(
    receiver.received.map(({ body }) => (JSON.parse(body) as { type: string }).type),
    ['build.held'],
  );
});

test('a receiver that is down for hours is told when it is back, over a restart, later and later meanwhile', async () => {
  const first = await webhookReceiver();
  const { port } = first;
  await first[Symbol.asyncDispose]();
  await using shop = await webhookShop([`127.0.0.1:${port}`]);
  const build = await shop.fail([aWebhook(`http://127.0.0.1:${port}/hook`)]);
  const pauses: number[] = [];
  for (let attempt = 1; attempt <= 14; attempt++) {
    const { delivery, attempts } = await shop.attempted(build, attempt);
    assert.match(attempts.at(-1)?.error ?? '', /ECONNREFUSED/);
    pauses.push((delivery.nextAt ?? 0) - shop.shop.clock.time);
    if (attempt === 7) await shop.restart();
    shop.pass(pauses.at(-1) ?? 0);
  }
  assert.deepEqual(
    pauses.slice(0, 4),
    [10, 20, 40, 80].map((seconds) => seconds * secondMs),
  );
  assert.deepEqual(pauses.slice(-2), [6 * hourMs, 6 * hourMs]);
  await shop.attempted(build, 15);
  await using back = await webhookReceiver(undefined, port);
  shop.pass(6 * hourMs);
  await back.untilReceived(1);
  const { delivery } = await shop.attempted(build, 16);
  assert.equal(delivery.state, 'delivered');
  assert.equal(back.received.length, 1);
});

test('after 72 hours a delivery is given up, and the record says so', async () => {
  await using receiver = await webhookReceiver((reply) => void reply.writeHead(500).end('not today\u0000'));
  await using shop = await webhookShop([`127.0.0.1:${receiver.port}`]);
  const began = shop.shop.clock.time;
  const build = await shop.fail([aWebhook(receiver.url)]);
  let { delivery, attempts } = await shop.attempted(build, 1);
  while (delivery.state === 'pending') {
    shop.pass((delivery.nextAt ?? 0) - shop.shop.clock.time);
    ({ delivery, attempts } = await shop.attempted(build, attempts.length + 1));
  }
  assert.equal(delivery.state, 'failed');
  assert.match(delivery.why ?? '', /given up after \d+ attempts/);
  assert.ok(attempts.length > 20 && attempts.length < 30, `${attempts.length} attempts`);
  assert.ok(shop.shop.clock.time - began > 60 * hourMs && shop.shop.clock.time - began <= 72 * hourMs);
  assert.deepEqual(attempts[0] && [attempts[0].status, attempts[0].answer], [500, 'not today\ufffd']);
  assert.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1);
  assert.equal(new Set(receiver.received.map(({ body }) => body)).size, 1);
  assert.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-timestamp'])).size, attempts.length);
});

test('410 ends it at once', async () => {
  await using receiver = await webhookReceiver((reply) => void reply.writeHead(410).end());
  await using shop = await webhookShop([`127.0.0.1:${receiver.port}`]);
  const build = await shop.fail([aWebhook(receiver.url)]);
  const { delivery } = await shop.attempted(build, 1);
  assert.equal(delivery.state, 'failed');
  assert.match(delivery.why ?? '', /410/);
});

test('Retry-After is heeded, in seconds and as a date, and not beyond six hours', async () => {
  await using receiver = await webhookReceiver();
  await using shop = await webhookShop([`127.0.0.1:${receiver.port}`]);
  const pauseAfter = async (retryAfter: string) => {
    receiver.answer = (reply) => void reply.writeHead(503, { 'retry-after': retryAfter }).end();
    const { delivery } = await shop.attempted(await shop.fail([aWebhook(receiver.url)]), 1);
    return (delivery.nextAt ?? 0) - shop.shop.clock.time;
  };
  shop.shop.clock.time = Math.ceil(shop.shop.clock.time / 1000) * 1000;
  assert.equal(await pauseAfter('120'), 120 * secondMs);
  assert.equal(await pauseAfter(new Date(shop.shop.clock.time + 600 * secondMs).toUTCString()), 600 * secondMs);
  assert.equal(await pauseAfter('999999999'), 6 * hourMs);
  assert.equal(await pauseAfter('soon'), 10 * secondMs);
  assert.equal(await pauseAfter('1'), 10 * secondMs);
});

test('a receiver that hangs, one that never ends its answer, and one that is no HTTP server are given up on for now', async () => {
  await using hangs = await webhookReceiver(() => undefined);
  await using endless = await webhookReceiver((reply) => {
    reply.writeHead(200);
    const more = () => void (reply.destroyed || reply.write('x'.repeat(16_384), () => setImmediate(more)));
    more();
  });
  const garbage = createServer((socket) => void socket.end('SSH-2.0-OpenSSH_9.9\r\n')).listen(0, '127.0.0.1');
  await once(garbage, 'listening');
  const address = garbage.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  await using shop = await webhookShop([`127.0.0.1:${hangs.port}`, `127.0.0.1:${endless.port}`, `127.0.0.1:${port}`]);
  const slow = await shop.attempted(await shop.fail([aWebhook(hangs.url)]), 1);
  assert.match(slow.attempts[0]?.error ?? '', /no whole answer within 0\.4 s/);
  assert.equal(slow.delivery.state, 'pending');
  // Its status is an answer: what it says besides is read up to a bound.
  const long = await shop.attempted(await shop.fail([aWebhook(endless.url)]), 1);
  assert.equal(long.delivery.state, 'delivered');
  assert.equal(long.attempts[0]?.answer?.length, 1024);
  const odd = await shop.attempted(await shop.fail([aWebhook(`http://127.0.0.1:${port}/`)]), 1);
  assert.match(odd.attempts[0]?.error ?? '', /Parse Error/);
  assert.equal(odd.delivery.state, 'pending');
  garbage.close();
});

test('a redirect to a host that is not named is not followed, and one to a host that is named is', async () => {
  await using other = await webhookReceiver();
  await using receiver = await webhookReceiver((reply) => void reply.writeHead(307, { location: other.url }).end());
  await using closed = await webhookShop([`127.0.0.1:${receiver.port}`]);
  const { delivery, attempts } = await closed.attempted(await closed.fail([aWebhook(receiver.url)]), 1);
  assert.equal(delivery.state, 'pending');
  assert.match(attempts[0]?.error ?? '', /does not name "127\.0\.0\.1/);
  assert.equal(other.received.length, 0);
  await using open = await webhookShop([`127.0.0.1:${receiver.port}`, `127.0.0.1:${other.port}`]);
  const told = await open.attempted(await open.fail([aWebhook(receiver.url)]), 1);
  assert.equal(told.delivery.state, 'delivered');
  assert.equal(other.received[0]?.body, receiver.received[1]?.body);
});

test('neither the URL of a webhook nor its secret is in a file of the store, and both are good after a restart', async () => {
  await using receiver = await webhookReceiver((reply) => void reply.writeHead(500).end());
  await using shop = await webhookShop([`127.0.0.1:${receiver.port}`]);
  const build = await shop.fail([aWebhook(`${receiver.url}/s3cr3t-path?token=s3cr3t-t0ken`)]);
  await shop.attempted(build, 1);
  for (const name of await readdir(shop.shop.folder)) {
    const bytes = await readFile(join(shop.shop.folder, name));
    for (const text of ['s3cr3t', secret]) assert.equal(bytes.includes(text), false, `${text} in ${name}`);
  }
  receiver.answer = (reply) => void reply.writeHead(204).end();
  await shop.restart();
  shop.pass(60_000);
  assert.equal((await shop.attempted(build, 2)).delivery.state, 'delivered');
  assert.equal(receiver.received[1]?.path, '/hook/s3cr3t-path?token=s3cr3t-t0ken');
});

test('what is secret in the URL of a webhook is in no record, whatever its receiver answers', async () => {
  const path = '/services/T0000KEY/hook';
  const query = '?token=s3cr3t-t0ken';
  const to = (receiver: { readonly port: number }) => `http://127.0.0.1:${receiver.port}${path}${query}`;
  // As web frameworks say that there is nothing there; the last ends in the middle of the token.
  const quotes = [
    `Cannot POST ${path}${query}`,
    `{"url":"\\/services\\/T0000KEY\\/hook"}`,
    `${'x'.repeat(1020)}s3cr3t-t0ken`,
  ];
  const leads = (location: (port: number) => string, status: number) =>
    webhookReceiver(
      (reply, { socket }) => void reply.writeHead(status, { location: location(socket.localPort ?? 0) }).end(),
    );
  const receivers = await Promise.all([
    ...quotes.map((text) => webhookReceiver((reply) => void reply.writeHead(404).end(text))),
    leads(() => `https://127.0.0.1:1${path}${query}`, 307),
    leads(() => `https://127.0.0.1:1${path}${query}`, 301),
    leads(() => `${path}${query}`, 308),
    leads((port) => `http://me:s3cr3t-t0ken@127.0.0.1:${port}/`, 308),
    leads(() => `http://[${path}${query}`, 308),
  ]);
  await using shop = await webhookShop(receivers.map(({ port }) => `127.0.0.1:${port}`));
  for (const receiver of receivers) {
    const { attempts } = await shop.attempted(await shop.fail([aWebhook(to(receiver))]), 1);
    const shown = JSON.stringify(attempts);
    assert.match(shown, /"(?:answer|error)":"[^"]/);
    assert.doesNotMatch(shown, /s3cr|T0000KEY/);
    await receiver[Symbol.asyncDispose]();
  }
});

test('a host that the configuration names no longer is not told', async () => {
  await using receiver = await webhookReceiver();
  await using shop = await webhookShop(['elsewhere.example']);
  const { delivery } = await shop.attempted(await shop.fail([aWebhook(receiver.url)]), 1);
  assert.equal(delivery.state, 'failed');
  assert.match(delivery.why ?? '', /does not name "127\.0\.0\.1/);
  assert.doesNotMatch(delivery.why ?? '', /hook/);
  assert.equal(receiver.received.length, 0);
});

test('a name that leads to this host is not told unless it is named with its port', async () => {
  await using shop = await webhookShop(['*.example.org'], {
    lookUp: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  const { delivery, attempts } = await shop.attempted(
    await shop.fail([aWebhook('http://hooks.example.org/a?k=key')]),
    1,
  );
  assert.equal(delivery.state, 'pending');
  assert.match(attempts[0]?.error ?? '', /leads to 127\.0\.0\.1/);
  assert.doesNotMatch(attempts[0]?.error ?? '', /k=key/);
});

test('a host that hangs holds up no other', async () => {
  await using hangs = await webhookReceiver(() => undefined);
  await using receiver = await webhookReceiver();
  await using shop = await webhookShop([`127.0.0.1:${hangs.port}`, `127.0.0.1:${receiver.port}`], {
    limits: { withinMs: 60_000, atOnceForHost: 2, atOnce: 16 },
  });
  for (let build = 0; build < 20; build++) await shop.fail([aWebhook(hangs.url)]);
  await hangs.untilReceived(2);
  const { delivery } = await shop.attempted(await shop.fail([aWebhook(receiver.url)]), 1);
  assert.equal(delivery.state, 'delivered');
  assert.equal(hangs.received.length, 2);
});

test('a delivery goes out once more under an id of its own, with the same body', async () => {
  await using receiver = await webhookReceiver();
  await using shop = await webhookShop([`127.0.0.1:${receiver.port}`]);
  const build = await shop.fail([aWebhook(receiver.url)]);
  const { delivery } = await shop.attempted(build, 1);
  const again = await shop.shop.store.redeliver(delivery.id);
  assert.equal(again?.redeliveryOf, delivery.id);
  await receiver.untilReceived(2);
  const [one, other] = receiver.received;
  assert.equal(one?.body, other?.body);
  assert.equal(other?.headers['webhook-id'], again?.id);
  assert.notEqual(again?.id, delivery.id);
});

test('a delivery that is under way is not made again, and of one that there is not nothing is', async () => {
  await using receiver = await webhookReceiver((reply) => void reply.writeHead(500).end());
  await using shop = await webhookShop([`127.0.0.1:${receiver.port}`]);
  const { delivery } = await shop.attempted(await shop.fail([aWebhook(receiver.url)]), 1);
  await assert.rejects(shop.shop.store.redeliver(delivery.id), failsAs('delivery_pending'));
  assert.equal(await shop.shop.store.redeliver(`${delivery.id}-001`), undefined);
});

test('a clock that was set back makes no delivery wait for the old time', async () => {
  await using receiver = await webhookReceiver((reply) => void reply.writeHead(500).end());
  await using shop = await webhookShop([`127.0.0.1:${receiver.port}`]);
  const build = await shop.fail([aWebhook(receiver.url)]);
  await shop.attempted(build, 1);
  receiver.answer = (reply) => void reply.writeHead(200).end();
  shop.pass(-1000 * hourMs);
  const { delivery } = await shop.attempted(build, 2);
  assert.equal(delivery.state, 'delivered');
});

test('a build that is deleted is still told of, and then nothing of it is left', async () => {
  await using receiver = await webhookReceiver((reply) => void reply.writeHead(500).end());
  await using shop = await webhookShop([`127.0.0.1:${receiver.port}`]);
  const build = await shop.fail([aWebhook(receiver.url)]);
  const { delivery } = await shop.attempted(build, 1);
  assert.equal(await shop.shop.store.remove(build), true);
  receiver.answer = (reply) => void reply.writeHead(200).end();
  shop.pass(10 * secondMs);
  await receiver.untilReceived(2);
  await untilTrue(async () => (await shop.shop.store.delivery(delivery.id)) === undefined);
});

test('beyond 1000 deliveries that wait for one host, others are recorded as failed, and builds go on', async () => {
  await using shop = await webhookShop(['down.example'], {
    limits: { withinMs: 60_000, atOnceForHost: 1, atOnce: 1 },
    lookUp: () => undefined,
  });
  const { store } = shop.shop;
  const notify = Array.from({ length: 10 }, () => aWebhook('http://down.example/', { events: ['build.phase'] }));
  const { build } = await store.add(aBuild({ notify }));
  for (let event = 0; event < 100; event++) await store.event(build.id, 'build.phase', { phase: 'booting' });
  await store.cancel(build.id);
  const last = await shop.fail([aWebhook('http://down.example/')]);
  const { delivery } = await shop.only(last);
  assert.equal(delivery.state, 'failed');
  assert.match(delivery.why ?? '', /1000 deliveries waited/);
});

test('a webhook of the configuration is signed with the secret that the configuration has now', async () => {
  await using receiver = await webhookReceiver();
  const own = 'a text of more than sixteen characters';
  await using shop = await webhookShop([`127.0.0.1:${receiver.port}`], { configured: { [receiver.url]: own } });
  const { secret: _none, ...rest } = aWebhook(receiver.url);
  await shop.fail([{ ...rest, source: 'configuration' }]);
  await receiver.untilReceived(1);
  const [told] = receiver.received;
  assert.ok(told);
  assert.equal(told.headers['webhook-signature'], signatureOf(told, Buffer.from(own)));
});
