import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile } from 'node:fs/promises';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../src/base/clock.ts';
import { atBest } from './fixtures/at-best.ts';
import { apiShop, type ApiShop } from './api-shop.ts';
import { fromTheManual, nginx } from './nginx.ts';
import { aBuild } from './store-shop.ts';

const withDefaults = async (url: string): Promise<string> => `location / { proxy_pass ${url}; }`;

const open = (url: string, headers: Record<string, string>): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    httpGet(url, { headers, agent: false }, resolve).once('error', reject);
  });

/** Waits until `claim` holds; the test's own limit is the deadline. */
const until = async (claim: () => boolean): Promise<void> => {
  while (!claim()) await sleep(5);
};

const forms = ['application/x-ndjson', 'text/event-stream', 'text/plain'];

/** Everything that can be followed of a build, in each of its forms. */
const streams = ['events', 'log?follow=true', 'console?follow=true'].flatMap((path) =>
  forms.filter((form) => path !== 'events' || form !== 'text/plain').map((form) => ({ path, form })),
);

/** Follows all that can be followed, through a proxy. */
const followAll = async (shop: ApiShop, url: string, id: string) =>
  Promise.all(
    streams.map(async ({ path, form }) => {
      const reply = await open(`${url}/builds/${id}/${path}`, { ...shop.auth, accept: form });
      const stream = { name: `${path} as ${form}`, form, path, text: '', isCut: false, reply };
      reply.on('data', (chunk: Buffer) => (stream.text += chunk.toString()));
      reply.once('close', () => (stream.isCut = true)).on('error', () => undefined);
      assert.match(reply.headers['content-type'] ?? '', new RegExp(`^${form}`), stream.name);
      return stream;
    }),
  );

/** Writes one line to the log, the console and the events of a build. */
const say = async (shop: ApiShop, id: string, line: string): Promise<void> => {
  await shop.store.event(id, 'boot.progress', { line });
  for (const path of [shop.folders.log(id), shop.folders.console(id)]) {
    await appendFile(path, `${line}\n`);
    shop.growth.grew(path);
  }
};

const startBuild = async (shop: ApiShop): Promise<string> => {
  const { build } = await shop.store.add(aBuild());
  for (const path of [shop.folders.log(build.id), shop.folders.console(build.id)]) await shop.write(path, '');
  return build.id;
};

for (const [title, configuration] of [
  ['its defaults', withDefaults],
  ['the configuration of the manual', fromTheManual],
] as const)
  test(`behind nginx with ${title} every line of every stream arrives within a second of its being written`, async () => {
    await using shop = await apiShop();
    await using proxy = await nginx(await configuration((await shop.listen()).url));
    const id = await startBuild(shop);
    const followed = await followAll(shop, proxy.url, id);
    let number = 0;
    const arrived = async () => {
      const line = `line ${++number};`;
      const saidAt = performance.now();
      await say(shop, id, line);
      await until(() => followed.every(({ text }) => text.includes(line)));
      return performance.now() - saidAt;
    };
    for (const what of ['first', 'second', 'third']) {
      const ms = await atBest(1000, arrived);
      assert.ok(ms <= 1000, `the ${what} took ${ms.toFixed(0)} ms`);
    }
    await shop.store.cancel(id);
    await until(() => followed.every(({ isCut }) => isCut));
    assert.ok(followed.every(({ reply }) => reply.complete));
  });

test('an idle stream outlives the read timeout of a proxy by its heartbeats, and plain text, which can have none, is cut', async () => {
  // Thirty times as fast: the 60 s of nginx are two.
  const clock = { ...systemClock, every: (ms: number, tick: () => void) => systemClock.every(ms / 30, tick) };
  await using shop = await apiShop({ clock });
  const { url } = await shop.listen();
  await using proxy = await nginx(`proxy_read_timeout 2s; ${await withDefaults(url)}`);
  const id = await startBuild(shop);
  const followed = await followAll(shop, proxy.url, id);
  const plain = followed.filter(({ form }) => form === 'text/plain');
  const beating = followed.filter(({ form }) => form !== 'text/plain');
  await until(() => plain.every(({ isCut }) => isCut));
  await say(shop, id, 'after the silence');
  await until(() => beating.every(({ text }) => text.includes('after the silence')));
  assert.deepEqual(
    plain.map(({ text }) => text),
    ['', ''],
  );
  for (const { form, text } of beating) assert.ok(text.includes(form.endsWith('ndjson') ? '\n\n' : ': still here\n\n'));
  for (const { reply } of beating) reply.destroy();
});

test('behind nginx with the configuration of the manual a context may have more than the 1 MB of its defaults', async () => {
  await using shop = await apiShop();
  await using proxy = await nginx(await fromTheManual((await shop.listen()).url));
  const reply = await fetch(`${proxy.url}/builds`, {
    method: 'POST',
    headers: { ...shop.auth, 'content-type': 'application/x-tar' },
    body: new Uint8Array(2 * 1024 * 1024),
  });
  assert.equal(reply.status, 201);
});

/** What an EventSource gives to `onmessage`, of a process that has one (Node's, which is undici's). */
const onMessages = async (url: string, count: number): Promise<readonly unknown[]> => {
  const program = `
    const source = new EventSource(process.argv[1]);
    source.onmessage = ({ data }) => console.log(data);
    process.stdin.once('end', () => source.close()).resume();`;
  const child = spawn(process.execPath, ['--experimental-eventsource', '--no-warnings', '-e', program, url], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const seen: unknown[] = [];
  for await (const line of createInterface(child.stdout)) {
    seen.push(JSON.parse(line));
    if (seen.length === count) child.stdin.end();
  }
  await ended;
  return seen;
};

test('an EventSource gets every event by onmessage with named=false, and every piece of a log', async () => {
  await using shop = await apiShop();
  const { url } = await shop.listen();
  // An EventSource cannot send a token; a page has its session with the proxy.
  await using proxy = await nginx(
    `proxy_set_header Authorization "${shop.auth.authorization}"; ${await withDefaults(url)}`,
  );
  const id = await startBuild(shop);
  for (const line of ['one', 'two']) await say(shop, id, line);
  const events = await onMessages(`${proxy.url}/builds/${id}/events?named=false`, 3);
  assert.deepEqual(
    events.map((event) => (event as { type: string }).type),
    ['build.queued', 'boot.progress', 'boot.progress'],
  );
  assert.deepEqual(await onMessages(`${proxy.url}/builds/${id}/log?follow=true&offset=4`, 1), [
    { offset: 8, text: 'two\n' },
  ]);
});
