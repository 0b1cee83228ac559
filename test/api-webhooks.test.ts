import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import type { ApiShop } from './api-shop.ts';
import { admittingShop } from './fixtures/admitting-shop.ts';
import { aFault, claimed } from './store-shop.ts';

const template = { name: 'site', machine: { memory: '64M', disks: [{ size: '1M' }], cdrom: 'media:shop/boot.iso' } };
const url = 'https://ci.example.org/hook/of-some-secret';
const secret = 'hunter2hunter2hunter2';

const Wrong = z.object({ code: z.string(), errors: z.array(z.object({ pointer: z.string(), message: z.string() })) });
const Page = z.object({ items: z.array(z.looseObject({ id: z.string(), type: z.string(), to: z.string(), webhook: z.int() })) }); // prettier-ignore

const post = (shop: ApiShop, path: string, payload: object) =>
  shop.ask({ method: 'POST', url: path, payload, headers: shop.auth });

const get = (shop: ApiShop, path: string) => shop.ask({ url: path, headers: shop.auth });

/** Accepts a build and lets it fail; gives its id. */
const failed = async (shop: ApiShop, body: object): Promise<string> => {
  const reply = await post(shop, '/builds', { template, ...body });
  assert.equal(reply.statusCode, 201, reply.body);
  const { build, token } = await claimed(shop.store);
  await shop.store.finish(build.id, token, { status: 'failed', fault: aFault('guest_panicked') });
  return build.id;
};

/** Where a body is refused, and why. */
const wrongIn = async (shop: ApiShop, body: object) => {
  const reply = await post(shop, '/builds', body);
  assert.ok(reply.statusCode === 400 || reply.statusCode === 422, reply.body);
  return Wrong.parse(reply.json()).errors.map(({ pointer, message }) => `${pointer}: ${message}`);
};

test('those that the request, the template and the configuration name are told, each once, and no answer has their secrets', async () => {
  await using shop = await admittingShop();
  const id = await failed(shop, {
    template: {
      ...template,
      variables: { hook_secret: { sensitive: true } },
      notify: [
        { url: 'https://ci.example.org/{{ lower `T` }}', secret: '{{ hook_secret }}' },
        { url: 'https://ci.example.org/all', events: ['build.queued'] },
      ],
    },
    variables: { hook_secret: secret },
    notify: [{ url, secret, events: ['build.failed'] }],
  });
  const reply = await get(shop, `/builds/${id}/deliveries`);
  const { items } = Page.parse(reply.json());
  assert.deepEqual(
    items.map(({ type, webhook, to }) => [type, webhook, to]),
    [
      ['build.queued', 2, 'https://ci.example.org'],
      ['build.failed', 0, 'https://ci.example.org'],
      ['build.failed', 1, 'https://ci.example.org'],
    ],
  );
  const kept = await Promise.all(items.map((item) => get(shop, `/deliveries/${item.id}`)));
  const others = await Promise.all(
    ['', '/input', '/events?follow=false'].map((path) => get(shop, `/builds/${id}${path}`)),
  );
  for (const { body } of [reply, ...kept, ...others]) {
    assert.ok(!body.includes(secret), body);
    assert.ok(!body.includes('of-some-secret'), body);
  }
  const due = await shop.store.dueDelivery({ busyHosts: [], onTheWay: [], farthest: Infinity });
  assert.ok(due && !due.body.includes(secret));
});

test('each build of a run tells of itself', async () => {
  await using shop = await admittingShop();
  const machines = { web: {}, db: {} };
  const reply = await post(shop, '/runs', {
    template: { ...template, machines },
    notify: [{ url, events: ['build.queued'] }],
  });
  const { builds } = z.looseObject({ builds: z.array(z.looseObject({ id: z.string() })) }).parse(reply.json());
  for (const { id } of builds) {
    const { items } = Page.parse((await get(shop, `/builds/${id}/deliveries`)).json());
    assert.deepEqual(items.map(({ type }) => type), ['build.queued']); // prettier-ignore
  }
});

test('a webhook that cannot be is refused at its place, and its secret is not told', async () => {
  await using shop = await admittingShop();
  const inRequest = (webhook: object) => wrongIn(shop, { template, notify: [webhook] });
  assert.match((await inRequest({ url: 'https://elsewhere.example/x' }))[0] ?? '', /^\/notify\/0\/url: .*not named/);
  assert.match((await inRequest({ url: 'ftp://ci.example.org/' }))[0] ?? '', /^\/notify\/0\/url: is no URL/);
  assert.match((await inRequest({ url: 'https://me:pw@ci.example.org/' }))[0] ?? '', /user or a password/);
  assert.match((await inRequest({ url, events: ['http.request'] }))[0] ?? '', /^\/notify\/0\/events\/0: is none of/);
  assert.match((await inRequest({ url, secret: 'too short' }))[0] ?? '', /^\/notify\/0\/secret: has 9 characters/);
  assert.match((await inRequest({ url, secret: 'whsec_c2hvcnQgaXQgaXM=' }))[0] ?? '', /bytes in base64/);
  const inTemplate = (webhook: object) => wrongIn(shop, { template: { ...template, notify: [webhook] } });
  assert.match((await inTemplate({ url: 'https://elsewhere.example/x' }))[0] ?? '', /^\/template\/notify\/0\/url: /);
  const [open = ''] = await inTemplate({ url, secret });
  assert.match(open, /^\/template\/notify\/0\/secret: stands in the template for all to read/);
  assert.ok(!open.includes(secret));
  const variables = { place: { default: 'tr0ub4dor', sensitive: true } };
  const shownHost = { ...template, variables, notify: [{ url: 'https://{{ place }}.example.org/x' }] };
  const [host = ''] = await wrongIn(shop, { template: shownHost });
  assert.match(host, /^\/template\/notify\/0\/url: has a sensitive value in its scheme, host or port/);
  assert.ok(!host.includes('tr0ub4dor'));
  const many = await wrongIn(shop, { template, notify: Array.from({ length: 11 }, () => ({ url })) });
  assert.match(many[0] ?? '', /more than 10 webhooks/);
});

test('a delivery can be made again when it has ended, by those who may write', async () => {
  await using shop = await admittingShop();
  const id = await failed(shop, { notify: [{ url, events: ['build.failed'] }] });
  const [delivery] = Page.parse((await get(shop, `/builds/${id}/deliveries`)).json()).items;
  const path = `/deliveries/${delivery?.id}`;
  assert.equal((await post(shop, `${path}/redeliver`, {})).statusCode, 409);
  const attempt = { at: 1, ms: 5, status: 500, answer: 'no' };
  await shop.store.deliveryAttempted(delivery?.id ?? '', attempt, { state: 'failed', why: 'given up' });
  const shown = z.looseObject({ state: z.string(), why: z.string(), log: z.array(z.unknown()) }).parse((await get(shop, path)).json()); // prettier-ignore
  assert.deepEqual(shown.log, [{ at: '1970-01-01T00:00:00.001Z', ms: 5, status: 500, answer: 'no' }]);
  const again = await post(shop, `${path}/redeliver`, {});
  assert.equal(again.statusCode, 202, again.body);
  assert.equal(again.headers['location'], `${path}-001`);
  assert.equal((await get(shop, `${path}-001`)).statusCode, 200);
  const reader = await shop.token(['builds:read']);
  const refused = await shop.ask({
    method: 'POST',
    url: `${path}/redeliver`,
    payload: {},
    headers: { authorization: reader.authorization },
  });
  assert.equal(refused.statusCode, 403);
  assert.equal((await get(shop, '/deliveries/nothing')).statusCode, 404);
  assert.equal((await get(shop, `/deliveries/${id}-999999-00`)).statusCode, 404);
});
