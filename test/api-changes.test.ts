import assert from 'node:assert/strict';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { z } from 'zod';
import { apiShop, type ApiShop } from './api-shop.ts';
import { untilTrue } from './fixtures/until-true.ts';
import { aBuild, claimed } from './store-shop.ts';

const Change = z.looseObject({
  id: z.string(),
  type: z.string(),
  build_id: z.string().optional(),
  build: z.looseObject({ id: z.string(), status: z.string() }).optional(),
  progress: z.looseObject({ step: z.int(), fraction: z.number() }).optional(),
});
type Change = z.output<typeof Change>;

/** Follows the changes of all builds, as lines of JSON, or as the data of server-sent events. */
const followed = async (shop: ApiShop, url: string, headers: Record<string, string> = {}) => {
  const changes: Change[] = [];
  const lines: string[] = [];
  const request = httpGet(url, { headers: { ...shop.auth, ...headers }, agent: false });
  const reply = await new Promise<IncomingMessage>((resolve, reject) =>
    request.once('response', resolve).once('error', reject),
  );
  const reading = createInterface({ input: reply }).on('line', (line) => {
    lines.push(line);
    const json = line.startsWith('data: ') ? line.slice(6) : line;
    if (json.startsWith('{')) changes.push(Change.parse(JSON.parse(json)));
  });
  return {
    status: reply.statusCode,
    changes,
    lines,
    types: () => changes.map(({ type }) => type),
    [Symbol.dispose]: () => {
      reading.close();
      request.destroy();
    },
  };
};

/** What was told of a build. */
const of = (changes: readonly Change[], id: string) => changes.filter((change) => change.build_id === id);

test('who follows all builds hears first that the list is to be read, then how each build changes, to its end and its deletion', async () => {
  await using shop = await apiShop();
  const { store } = shop;
  const { url } = await shop.listen();
  const before = (await store.add(aBuild())).build;
  using told = await followed(shop, `${url}/builds/events`);
  await untilTrue(() => told.changes.length > 0);
  assert.deepEqual(told.types(), ['reset']);

  const { build } = await store.add(aBuild());
  const own = () => of(told.changes, build.id);
  await untilTrue(() => own().length === 1);
  assert.deepEqual([own()[0]?.type, own()[0]?.build?.status], ['created', 'queued']);

  await store.cancel(before.id);
  await untilTrue(() => of(told.changes, before.id).length > 0);
  assert.equal(of(told.changes, before.id)[0]?.type, 'ended');

  const { token } = await claimed(store);
  await untilTrue(() => own().length === 2);
  assert.deepEqual([own()[1]?.type, own()[1]?.build?.status], ['changed', 'running']);
  await store.event(build.id, 'machine.rebooted', { name: 'imaged-0' }, token);
  await store.beginStep(build.id, token, { name: 'boot', phase: 'booting' });
  await untilTrue(() => own().some(({ build: its }) => its?.['phase'] === 'booting'));
  await store.finish(build.id, token, { status: 'succeeded', artifacts: [] });
  await untilTrue(() => own().at(-1)?.type === 'ended');
  assert.equal(own().at(-1)?.build?.status, 'succeeded');
  await store.remove(build.id);
  await untilTrue(() => own().at(-1)?.type === 'removed');
});

test('a build that runs tells how far it is, without a change of it', async () => {
  await using shop = await apiShop();
  const { store } = shop;
  const { url } = await shop.listen();
  const { build } = await store.add(aBuild({ plan: [{ name: 'shell', phase: 'provisioning', timeoutMs: 1000 }] }));
  const { token } = await claimed(store);
  await store.beginStep(build.id, token, { name: 'shell', phase: 'provisioning' });
  using told = await followed(shop, `${url}/builds/events`);
  await untilTrue(() => told.types().filter((type) => type === 'progress').length >= 2);
  const fractions = told.changes.flatMap(({ progress }) => (progress === undefined ? [] : [progress.fraction]));
  assert.deepEqual(fractions, fractions.toSorted());
  assert.deepEqual(new Set(of(told.changes, build.id).map(({ build: its }) => its)), new Set([undefined]));
});

test('after a broken connection the changes go on behind the last one, or begin with a reset where it is not known', async () => {
  await using shop = await apiShop();
  const { store } = shop;
  const { url } = await shop.listen();
  const sse = { accept: 'text/event-stream' };
  const first = await followed(shop, `${url}/builds/events`, sse);
  await untilTrue(() => first.types().includes('reset'));
  const one = (await store.add(aBuild())).build;
  await untilTrue(() => of(first.changes, one.id).length > 0);
  assert.ok(first.lines.includes('event: created'));
  first[Symbol.dispose]();

  const other = (await store.add(aBuild())).build;
  const last = first.changes.at(-1)?.id ?? '';
  using second = await followed(shop, `${url}/builds/events?named=false`, { ...sse, 'last-event-id': last });
  await untilTrue(() => of(second.changes, other.id).length > 0);
  assert.deepEqual(second.types(), ['created']);
  assert.ok(!second.lines.some((line) => line.startsWith('event:')));

  using lost = await followed(shop, `${url}/builds/events?after=01ARZ3NDEKTSV4RRFFQ69G5FAV-7`);
  await untilTrue(() => lost.changes.length > 0);
  assert.deepEqual(lost.types(), ['reset']);
  const wrong = await shop.ask({ url: '/builds/events?after=7', headers: shop.auth });
  assert.equal(wrong.statusCode, 400);
  assert.equal((await shop.ask({ url: '/builds/events' })).statusCode, 401);
});

test('many who follow are told all the same, by one look at each change', async () => {
  let finds = 0;
  await using shop = await apiShop();
  await using counting = await apiShop({
    store: { ...shop.store, find: (id) => ((finds += 1), shop.store.find(id)) },
    live: { ...shop.parts.live },
  });
  const { url } = await counting.listen();
  const all = await Promise.all(
    Array.from({ length: 50 }, () => followed({ ...counting, auth: shop.auth }, `${url}/builds/events`)),
  );
  await untilTrue(() => all.every(({ changes }) => changes.length === 1));
  finds = 0;
  const builds = [];
  for (let n = 0; n < 10; n++) builds.push((await shop.store.add(aBuild())).build);
  await untilTrue(() => all.every(({ changes }) => changes.length === 11));
  for (const { changes } of all)
    assert.deepEqual(
      changes.slice(1).map(({ build_id }) => build_id),
      builds.map(({ id }) => id),
    );
  assert.equal(finds, 10);
  for (const one of all) one[Symbol.dispose]();
});

test('a client that comes back is told all that it missed, in order', async () => {
  await using shop = await apiShop();
  const { store } = shop;
  const { url } = await shop.listen();
  using told = await followed(shop, `${url}/builds/events`);
  await untilTrue(() => told.changes.length > 0);
  const place = told.changes[0]?.id ?? '';
  const { build } = await store.add(aBuild());
  const { token } = await claimed(store);
  for (let n = 0; told.changes.length < 12; n++) {
    await store.beginStep(build.id, token, { name: `s${n}`, phase: n % 2 === 0 ? 'booting' : 'installing' });
    await untilTrue(() => told.changes.length > n + 1);
  }
  // All twelve are kept.
  using again = await followed(shop, `${url}/builds/events?after=${place}`);
  await untilTrue(() => again.changes.length >= 11);
  assert.deepEqual(again.changes[0], told.changes[1]);
});
