import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import type { ApiShop } from './api-shop.ts';
import { admittingShop } from './fixtures/admitting-shop.ts';
import { claimed, failsAs } from './store-shop.ts';

const Reply = z.looseObject({
  id: z.string().optional(),
  code: z.string().optional(),
  version: z.number().optional(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
});
const read = (reply: { readonly body: string }) => Reply.parse(JSON.parse(reply.body));

const value = 'correct-horse-battery-staple';

const put = async (shop: ApiShop, name: string, body: object) => {
  const { authorization } = await shop.token(['admin']);
  return shop.ask({ method: 'PUT', url: `/secrets/${name}`, headers: { authorization }, payload: body });
};

const list = async (shop: ApiShop) => {
  const { authorization } = await shop.token(['admin']);
  return shop.ask({ url: '/secrets', headers: { authorization } });
};

const template = {
  name: 'named',
  variables: { password: { secret: 'registry' } },
  machine: { cdrom: 'media:shop/boot.iso', disks: [{ size: '64M' }] },
  http: { motd: 'the password is {{ password }}' },
};

const build = (shop: ApiShop, body: object) =>
  shop.ask({ method: 'POST', url: '/builds', headers: shop.auth, payload: body });

test('a secret is kept, changed, listed and deleted, and its value is in no answer and no log line', async () => {
  await using shop = await admittingShop();
  const first = await put(shop, 'registry', { value });
  assert.deepEqual([first.statusCode, read(first).version], [201, 1], first.body);
  const same = await put(shop, 'registry', { value, labels: { team: 'infra' } });
  assert.deepEqual([same.statusCode, read(same).version], [200, 1]);
  const next = await put(shop, 'registry', { value: `${value}-2`, templates: ['named'] });
  assert.deepEqual([next.statusCode, read(next).version], [200, 2]);
  const listed = await list(shop);
  assert.match(listed.body, /"name":"registry","version":2,"templates":\["named"\]/);
  const { authorization } = await shop.token(['admin']);
  const remove = () => shop.ask({ method: 'DELETE', url: '/secrets/registry', headers: { authorization } });
  assert.equal((await remove()).statusCode, 204);
  assert.equal((await remove()).statusCode, 404);
  for (const text of [first, same, next, listed].map(({ body }) => body).concat(shop.told, shop.troubles))
    assert.ok(!text.includes(value), text);
});

test('only an admin keeps, lists and deletes secrets', async () => {
  await using shop = await admittingShop();
  const url = '/secrets/registry';
  const asks = [{ method: 'PUT', url, payload: { value } }, { url: '/secrets' }, { method: 'DELETE', url }] as const;
  for (const ask of asks) assert.equal((await shop.ask({ ...ask, headers: shop.auth })).statusCode, 403);
});

test('a value that could not be masked, an unknown key and a wrong name are refused with their places', async () => {
  await using shop = await admittingShop();
  assert.deepEqual(read(await put(shop, 'a', { value: 'ab' })).errors?.map(({ pointer }) => pointer), ['/value']); // prettier-ignore
  assert.equal((await put(shop, 'a', { value, for: 'all' })).statusCode, 400);
  assert.equal((await put(shop, '-a', { value })).statusCode, 404);
});

test('a template names a secret, its build has the value, and what is shown of it has none', async () => {
  await using shop = await admittingShop();
  await put(shop, 'registry', { value });
  const plan = await shop.ask({
    method: 'POST',
    url: '/builds?validate=true',
    headers: shop.auth,
    payload: { template },
  });
  assert.equal(plan.statusCode, 200, plan.body);
  assert.match(plan.body, /the password is <sensitive>/);
  const asked = await build(shop, { template });
  assert.equal(asked.statusCode, 201, asked.body);
  const claim = await claimed(shop.store);
  const spec = await shop.resolveClaim(claim);
  assert.deepEqual([spec.secrets, spec.hostSecrets], [[value], [{ name: 'registry', version: 1 }]]);
  await shop.store.secretsUsed(claim.build.id, claim.token, spec.hostSecrets ?? []);
  assert.match((await list(shop)).body, /"used_by":\["named"\]/);
  for (const path of ['', '/plan', '/events?follow=false', '/template']) {
    const shown = await shop.app.inject({ url: `/builds/${claim.build.id}${path}`, headers: shop.auth });
    assert.ok(!shown.body.includes(value), shown.body);
  }
});

test('a version that a build has used is given to no other value, also after the secret was deleted', async () => {
  await using shop = await admittingShop();
  await put(shop, 'registry', { value });
  await build(shop, { template });
  const claim = await claimed(shop.store);
  await shop.store.secretsUsed(claim.build.id, claim.token, [{ name: 'registry', version: 1 }]);
  await shop.store.removeSecret('registry');
  assert.equal(read(await put(shop, 'registry', { value: 'another value' })).version, 2);
});

test('a build that waits while its secret is deleted says so when it begins', async () => {
  await using shop = await admittingShop();
  await put(shop, 'registry', { value });
  await build(shop, { template });
  await shop.store.removeSecret('registry');
  await assert.rejects(shop.resolveClaim(await claimed(shop.store)), (error: unknown) => {
    assert.match(
      String(error),
      /"registry" is none of the secrets of this host: it was deleted after the build was accepted/,
    );
    return failsAs('template_invalid')(error);
  });
});

test('a secret is used by the templates, labels and tokens that it names, and by no others', async () => {
  await using shop = await admittingShop();
  const whyNot = async (body: object) => read(await build(shop, body)).errors?.map(({ pointer, message }) => `${pointer} ${message}`); // prettier-ignore
  const at = '/template/variables/password/secret "registry"';
  assert.deepEqual(await whyNot({ template }), [`${at} is none of the secrets of this host: PUT /secrets makes one`]);

  await put(shop, 'registry', { value, templates: ['kept'] });
  assert.deepEqual(await whyNot({ template }), [`${at} is not for this template`]);
  await shop.ask({ method: 'PUT', url: '/templates/kept', headers: shop.auth, payload: template });
  assert.equal((await build(shop, { template: 'kept' })).statusCode, 201);

  await put(shop, 'registry', { value, labels: { stage: 'release' } });
  assert.deepEqual(await whyNot({ template }), [`${at} is for builds with the label stage=release`]);
  assert.equal((await build(shop, { template, labels: { stage: 'release' } })).statusCode, 201);

  await put(shop, 'registry', { value, tokens: ['another'] });
  assert.deepEqual(await whyNot({ template }), [`${at} is not for this token`]);
});

test('a template that names a secret for certain tokens is stored by these alone, so that no other is built in their name', async () => {
  await using shop = await admittingShop();
  await put(shop, 'registry', { value, tokens: ['ci'] });
  const store = (headers: { readonly authorization: string }, body: object = template) =>
    shop.ask({ method: 'PUT', url: '/templates/named', headers, payload: body });
  const refused = await store(shop.auth);
  assert.equal(refused.statusCode, 422, refused.body);
  const message = '"registry" is not for this token: one that it is for may store this';
  assert.deepEqual(read(refused).errors, [{ pointer: '/variables/password/secret', message }]);
  const ci = await shop.token(['builds:write'], 'ci');
  const headers = { authorization: ci.authorization };
  assert.equal((await store(headers)).statusCode, 201);
  const { variables: _without, http: _too, ...plain } = template;
  assert.equal((await store(shop.auth, plain)).statusCode, 201);
});

test('a value for a variable that is a secret of the host is refused, and so is a default', async () => {
  await using shop = await admittingShop();
  await put(shop, 'registry', { value });
  const sent = read(await build(shop, { template, variables: { password: 'mine' } }));
  assert.deepEqual(sent.errors?.map(({ pointer }) => pointer), ['/variables/password']); // prettier-ignore
  const variables = { password: { secret: 'registry', default: 'x' } };
  const declared = read(await build(shop, { template: { ...template, variables } }));
  assert.deepEqual(declared.errors?.map(({ pointer }) => pointer), ['/template/variables/password/secret']); // prettier-ignore
});

test('no error quotes a secret, whole or as far as a quotation goes', async () => {
  await using shop = await admittingShop();
  const long = Array.from({ length: 60 }, (_, n) => `word${n}`).join('-');
  for (const secret of [value, long]) {
    await put(shop, 'registry', { value: secret });
    const wrong = {
      ...template,
      machine: { ...template.machine, memory: '{{ password }}', disks: [{ base: 'media:{{ password }}' }] },
      provisioners: [{ type: 'file', source: '{{ password }}', destination: '/tmp/x' }],
      artifacts: [{ name: '{{ password }}.qcow2' }, { file: '{{ password }}' }],
    };
    const reply = await build(shop, { template: wrong });
    assert.equal(reply.statusCode, 422, reply.body);
    const pointers = read(reply).errors?.map(({ pointer }) => pointer);
    for (const pointer of ['/template/machine/memory', '/template/artifacts/0/name', '/template/artifacts/1/file'])
      assert.ok(pointers?.includes(pointer), `${pointer}: ${reply.body}`);
    assert.match(reply.body, /<sensitive>/);
    assert.ok(!reply.body.includes(secret.slice(0, 10)), reply.body);
    for (const line of [...shop.told, ...shop.troubles]) assert.ok(!line.includes(secret.slice(0, 10)), line);
  }
});
