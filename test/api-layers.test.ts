import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { apiShop, type ApiShop } from './api-shop.ts';
import { imagectl } from './fixtures/imagectl.ts';
import { keep, keyOf, shelfIn } from './layer-shop.ts';

const Reply = z.looseObject({
  code: z.string().optional(),
  items: z.array(z.looseObject({ key: z.string() })).optional(),
  next: z.string().optional(),
});
const read = (reply: { readonly body: string }) => Reply.parse(JSON.parse(reply.body));

const [a, b, c] = ['a', 'b', 'c'].map(keyOf) as [string, string, string];

const look = (shop: ApiShop, url: string) => shop.ask({ url, headers: shop.auth });

const remove = async (shop: ApiShop, url: string) => {
  const { authorization } = await shop.token(['admin']);
  return shop.ask({ method: 'DELETE', url, headers: { authorization } });
};

/** Three layers: b lies over a, and c is of another template and kind. */
const stocked = async () => {
  const shop = await apiShop();
  const { shelf } = shelfIn(shop.folders.layers, shop.store);
  await keep(shelf, a);
  await keep(shelf, b, { parent: a, step: 'provisioners/0' });
  await keep(shelf, c, { templateName: 'other', kind: 'machine' });
  return { shop, shelf, [Symbol.asyncDispose]: () => shop[Symbol.asyncDispose]() };
};

test('layers are listed by page, template and kind, the newest first', async () => {
  await using it = await stocked();
  const keys = async (query: string) => read(await look(it.shop, `/layers${query}`)).items?.map(({ key }) => key) ?? [];
  assert.deepEqual(await keys(''), [c, b, a]);
  assert.deepEqual(await keys('?template=tiny'), [b, a]);
  assert.deepEqual(await keys('?kind=machine'), [c]);
  assert.deepEqual(await keys('?kind=machine&template=tiny'), []);
  const first = read(await look(it.shop, '/layers?limit=2'));
  assert.deepEqual(await keys(`?limit=2&after=${first.next}`), [a]);
  // A place that is none would leave out layers without a word; so in each list.
  for (const path of ['/layers', '/builds', '/runs', '/schedules', '/templates'])
    assert.equal((await look(it.shop, `${path}?after=-+`)).statusCode, 400, path);
  assert.equal((await look(it.shop, '/layers?kind=tape')).statusCode, 400);
});

test('imagectl lists the first digits of keys, and takes them as long as they are those of one layer', async () => {
  await using it = await stocked();
  const { url } = await it.shop.listen();
  const { authorization } = await it.shop.token(['admin']);
  const run = (...args: readonly string[]) => imagectl(['layers', ...args], { IMAGED_URL: url, IMAGED_TOKEN: authorization.slice(7) }); // prettier-ignore
  const digits = b.slice(0, 12);
  assert.match((await run()).stdout, new RegExp(`^${digits}  `, 'm'));
  const shown = await run('show', digits);
  assert.match(shown.stdout, new RegExp(`^key +${b}$[^]*^MADE OF +DIGEST$[^]*^FILE +SIZE +SHA256$`, 'm'), shown.stderr);
  assert.match((await run('show', '0000')).stderr, /^imagectl: There is no layer whose key begins with 0000\./);
  assert.match((await run('show', 'key')).stderr, /^imagectl: "key" is no key of a layer: /);
  assert.equal((await run('delete', digits)).stderr, `${b} is deleted.\n`);
});

test('a layer is shown with what went into it and its files, and never with its login', async () => {
  await using it = await stocked();
  const reply = await look(it.shop, `/layers/${b}`);
  assert.equal(reply.statusCode, 200);
  const shown = z
    .looseObject({ parent: z.string(), depth: z.int(), ingredients: z.array(z.unknown()), files: z.array(z.unknown()) })
    .parse(JSON.parse(reply.body));
  assert.deepEqual([shown.parent, shown.depth, shown.ingredients.length, shown.files.length], [a, 2, 1, 1]);
  for (const url of ['/layers', `/layers/${b}`])
    assert.doesNotMatch((await look(it.shop, url)).body, /facts|hunter22/, url);
});

test('a layer is deleted alone, or with those over it, and not while a build uses one of them', async () => {
  await using it = await stocked();
  const alone = await remove(it.shop, `/layers/${a}`);
  assert.deepEqual([alone.statusCode, read(alone).code], [409, 'layer_in_use']);
  const held = await it.shelf.take(b, 'user');
  assert.equal((await remove(it.shop, `/layers/${a}?over=true`)).statusCode, 409);
  await held?.[Symbol.asyncDispose]();
  assert.match((await remove(it.shop, `/layers/${a}?over=true`)).body, /^\{"layers":2,"bytes":\d+\}$/);
  assert.equal((await remove(it.shop, `/layers/${a}`)).statusCode, 404);
  assert.match((await remove(it.shop, '/layers')).body, /^\{"layers":1,/);
  assert.deepEqual(read(await look(it.shop, '/layers')).items, []);
});

test('who may only look at builds deletes no layer, and what is no key is no layer', async () => {
  await using it = await stocked();
  for (const url of ['/layers', `/layers/${a}`])
    assert.equal((await it.shop.ask({ method: 'DELETE', url, headers: it.shop.auth })).statusCode, 403, url);
  assert.equal((await look(it.shop, '/layers/abc')).statusCode, 404);
  assert.equal((await look(it.shop, `/layers/${keyOf('none')}`)).statusCode, 404);
});

test('the metrics tell how many layers there are and what they take', async () => {
  await using it = await stocked();
  const { body } = await look(it.shop, '/metrics');
  const { bytes } = await it.shelf.totals();
  assert.match(body, /^imaged_layers 3$/m);
  assert.match(body, new RegExp(`^imaged_layer_bytes ${bytes}$`, 'm'));
});
