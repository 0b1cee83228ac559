import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeMetrics } from '../src/api/host/metrics.ts';
import { apiShop, type ApiShop } from './api-shop.ts';
import { checkMetrics, type Sample } from './exposition.ts';
import { aBuild, storeShop } from './store-shop.ts';

const figures = async (shop: ApiShop) => checkMetrics((await shop.ask({ url: '/metrics', headers: shop.auth })).body);

const samplesOf = (families: Awaited<ReturnType<typeof figures>>, name: string): readonly Sample[] =>
  families.get(name)?.samples ?? assert.fail(`there is no ${name}`);

/** The routes of which requests were observed, each as `GET /builds 2xx`. */
const observed = (families: Awaited<ReturnType<typeof figures>>): readonly string[] =>
  samplesOf(families, 'imaged_http_request_seconds')
    .filter(({ name }) => name.endsWith('_count'))
    .map(({ labels }) => `${labels['method']} ${labels['route']} ${labels['status']} ${Object.keys(labels).length}`)
    .toSorted();

test('what Prometheus reads has the form and the names that promtool asks for', async () => {
  await using shop = await apiShop();
  await figures(shop);
  const families = await figures(shop);
  assert.ok(families.has('nodejs_eventloop_lag_seconds') && families.has('imaged_info'));
});

test('every metric of ours stands in docs/operating.md and no other does', async () => {
  const manual = await readFile(new URL('../../docs/operating.md', import.meta.url), 'utf8');
  const told = [...manual.matchAll(/`(imaged_[a-z_]+)(?:\{[a-z,]+\})?`/g)].map(([, name]) => name ?? '');
  await using shop = await apiShop();
  const ours = [...(await figures(shop)).keys()].filter((name) => name.startsWith('imaged_'));
  assert.deepEqual([...new Set(told)].toSorted(), ours.toSorted());
});

test('a text that is no exposition is told from one', () => {
  const head = '# HELP x_seconds Time.\n# TYPE x_seconds histogram\n';
  for (const wrong of [
    'x 1\n',
    '# HELP x Some.\n# TYPE x gauge\nx 1',
    '# HELP x Some.\n# TYPE x gauge\nx 1\nx 2\n',
    '# HELP x Some.\n# TYPE x gauge\ny 1\n',
    '# HELP x Some.\n# TYPE x counter\nx 1\n',
    '# HELP x_ms Some.\n# TYPE x_ms gauge\nx_ms 1\n',
    '# HELP x Some.\n# TYPE x gauge\nx{a="1} 1\n',
    `${head}x_seconds_bucket{le="1"} 2\nx_seconds_bucket{le="+Inf"} 1\nx_seconds_sum 1\nx_seconds_count 1\n`,
    `${head}x_seconds_bucket{le="1"} 1\nx_seconds_sum 1\nx_seconds_count 1\n`,
  ])
    assert.throws(() => checkMetrics(wrong), assert.AssertionError, wrong);
});

test('requests are observed by route, method and class of status, and no client can add a label', async () => {
  await using shop = await apiShop();
  const { build } = await shop.store.add(aBuild());
  for (let n = 0; n < 30; n++) {
    await shop.ask({ url: `/builds/${build.id}?wait=0`, headers: shop.auth });
    await shop.ask({ url: `/nothing/${n}`, headers: shop.auth });
    await shop.ask({ url: `/templates/t${n}`, headers: shop.auth });
    await shop.ask({ url: '/builds', headers: { authorization: `Bearer ${n}` } });
  }
  const patch = 'PATCH' as const;
  await shop.ask({ method: patch, url: '/builds', headers: shop.auth });
  await figures(shop);
  assert.deepEqual(observed(await figures(shop)), [
    'GET /builds 4xx 3',
    'GET /builds/{id} 2xx 3',
    'GET /metrics 2xx 3',
    'GET /templates/{name} 4xx 3',
    'GET none 4xx 3',
    'other none 4xx 3',
  ]);
});

test('a download, and a client that leaves before its answer, are observed as well', async () => {
  await using shop = await apiShop();
  const { url } = await shop.listen();
  const { build } = await shop.store.add(aBuild());
  await shop.write(shop.folders.log(build.id), 'a line\n');
  await (await fetch(`${url}/builds/${build.id}/log`, { headers: shop.auth })).text();
  const waiting = request(`${url}/builds/${build.id}?wait=300`, { headers: shop.auth }).on('error', () => undefined);
  waiting.end();
  waiting.once('socket', (socket) => socket.once('connect', () => setTimeout(() => waiting.destroy(), 50)));
  const wanted = ['GET /builds/{id} 4xx 3', 'GET /builds/{id}/log 2xx 3'];
  // The end of a connection is told when the server sees it.
  for (let seen: readonly string[] = []; !wanted.every((one) => seen.includes(one)); await sleep(10))
    seen = observed(await figures(shop));
});

test('the queue, what is committed, and attempts and steps with their ends are figures', async () => {
  await using queue = await storeShop();
  const { build } = await queue.store.add(aBuild());
  const metrics = makeMetrics({
    store: queue.store,
    scheduler: {
      slots: () => [{ buildId: 'x' }],
      committed: () => ({ memoryMb: 512, diskMb: 1024 }),
      obstacles: async () => ({ trouble: {}, tooLarge: { builds: 2 } }),
    },
    whole: async () => ({ memoryMb: 2048, diskMb: 4096 }),
    freeDiskMb: async () => 1,
    now: () => build.createdAt + 90_000,
    version: '1',
  });
  metrics.claimed(12);
  metrics.attemptEnded('step_timeout', 3);
  metrics.stepEnded('shell', 'guest', 2);
  metrics.stepEnded('install', 'succeeded', 2);
  const families = checkMetrics(await metrics.text());
  const value = (name: string, labels: Readonly<Record<string, string>> = {}, family = name) =>
    samplesOf(families, family).find(
      (sample) => sample.name === name && Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
    )?.value;
  assert.equal(value('imaged_queue_oldest_age_seconds'), 90);
  assert.deepEqual([value('imaged_host_trouble'), value('imaged_queue_too_large')], [1, 2]);
  assert.equal(value('imaged_committed_bytes', { resource: 'memory' }), 512 * 2 ** 20);
  assert.equal(value('imaged_committed_bytes', { resource: 'disk' }), 2 ** 30);
  assert.equal(value('imaged_capacity_bytes', { resource: 'disk' }), 2 ** 32);
  assert.equal(value('imaged_queue_wait_seconds_sum', {}, 'imaged_queue_wait_seconds'), 12);
  assert.equal(value('imaged_attempts_total', { end: 'step_timeout' }), 1);
  const steps = (step: string, end: string) => value('imaged_step_seconds_count', { step, end }, 'imaged_step_seconds');
  assert.deepEqual([steps('shell', 'guest'), steps('install', 'succeeded')], [1, 1]);
  await queue.store.cancel(build.id);
  assert.match(await metrics.text(), /^imaged_queue_oldest_age_seconds 0$/m);
});
