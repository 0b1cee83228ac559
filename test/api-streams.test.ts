import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { mintToken } from '../src/api/server/authentication/tokens.ts';
import type { Growth } from '../src/base/growth.ts';
import { systemIds } from '../src/base/ids.ts';
import type { Store } from '../src/queue/store.ts';
import { atBest } from './fixtures/at-best.ts';
import { apiShop, type ApiShop } from './api-shop.ts';
import { untilTrue } from './fixtures/until-true.ts';
import { aBuild, aFault, anArtifact, claimed, handClock, storeShop } from './store-shop.ts';

const open = async (url: string, headers: Record<string, string>): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    httpGet(url, { headers, agent: false }, resolve).once('error', reject);
  });

const linesOf = async (shop: ApiShop, url: string) => (await shop.ask({ url, headers: shop.auth })).body;

/** Counts who listens, by wrapping the real thing. */
const counting = (store: Store, growth: Growth) => {
  const count = { listeners: 0, followers: 0 };
  const counted = (listening: Disposable, name: keyof typeof count): Disposable => {
    count[name] += 1;
    return {
      [Symbol.dispose]: () => {
        count[name] -= 1;
        listening[Symbol.dispose]();
      },
    };
  };
  return {
    count,
    store: { ...store, onChange: (id, seen) => counted(store.onChange(id, seen), 'listeners') } satisfies Store,
    growth: { ...growth, onGrew: (path, seen) => counted(growth.onGrew(path, seen), 'followers') } satisfies Growth,
  };
};

test('a log is followed from before its first byte to the end of the build, and no byte is lost', async () => {
  await using shop = await apiShop();
  const { url } = await shop.listen();
  const { build } = await shop.store.add(aBuild());
  const path = shop.folders.log(build.id);
  const reply = await open(`${url}/builds/${build.id}/log?follow=true`, shop.auth);
  assert.equal(reply.statusCode, 200);
  const all = text(reply);
  await shop.write(path, '');
  let written = '';
  for (let line = 0; line < 300; line++) {
    const words = `line ${line} ${'x'.repeat(line * 7)}\n`;
    written += words;
    await appendFile(path, words);
    shop.growth.grew(path);
  }
  await shop.store.cancel(build.id);
  assert.equal(await all, written);
});

test('a log is read in part by offset and by Range, and a log that is not there yet is empty', async () => {
  await using shop = await apiShop();
  const { build } = await shop.store.add(aBuild());
  const url = `/builds/${build.id}/console`;
  assert.equal(await linesOf(shop, url), '');
  await shop.write(shop.folders.console(build.id), '0123456789');
  assert.equal(await linesOf(shop, `${url}?offset=4`), '456789');
  assert.equal(await linesOf(shop, `${url}?offset=40`), '');
  const range = await shop.ask({ url, headers: { ...shop.auth, range: 'bytes=-3' } });
  assert.equal(range.statusCode, 206);
  assert.equal(range.body, '789');
  await shop.store.cancel(build.id);
  assert.equal(await linesOf(shop, `${url}?offset=8&follow=true`), '89');
});

test('the screen is the end of the console as a terminal shows it, and there is none without a console', async () => {
  await using shop = await apiShop();
  const { build } = await shop.store.add(aBuild());
  const url = `/builds/${build.id}/screen`;
  const ask = () => shop.ask({ url, headers: shop.auth });
  const none = await ask();
  assert.equal(none.statusCode, 404);
  assert.match(none.json<{ detail: string }>().detail, /has no console yet, or never had one/);
  const path = shop.folders.console(build.id);
  await shop.write(path, '');
  assert.equal((await ask()).body, '');
  const noise = '\x1b[1;1Hsome noise \x1b[31min red\x1b[0m\r\n'.repeat(20_000);
  await appendFile(path, `${noise}\x1b[2J\x1b[3;5Hmenu\x1b[4;5H<sensitive>`);
  const drawn = await ask();
  assert.equal(drawn.headers['content-type'], 'text/plain; charset=utf-8');
  assert.equal(drawn.body, '\n\n    menu\n    <sensitive>\n');
  assert.equal((await shop.ask({ url })).statusCode, 401);
});

test('events come as NDJSON, in order and each once, until the build has ended', async () => {
  await using shop = await apiShop();
  const { url } = await shop.listen();
  const { build } = await shop.store.add(aBuild());
  const reply = await open(`${url}/builds/${build.id}/events`, shop.auth);
  assert.match(reply.headers['content-type'] ?? '', /ndjson/);
  const all = text(reply);
  for (let n = 0; n < 450; n++)
    await shop.store.event(build.id, 'console.heard', { pattern: '# $', text: '# ', afterMs: n });
  await shop.store.cancel(build.id);
  const events = (await all)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { seq: number; type: string; data: { after_ms?: number } });
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_event, index) => index + 1),
  );
  assert.equal(events.filter(({ type }) => type === 'console.heard').at(-1)?.data.after_ms, 449);
  const some = await linesOf(shop, `/builds/${build.id}/events?after=${events.length - 2}`);
  assert.equal(some.trimEnd().split('\n').length, 2);
});

test('HEAD of what is streamed tells no length: it is not known, and not zero', async () => {
  await using shop = await apiShop();
  const { build } = await shop.store.add(aBuild());
  const of = `/builds/${build.id}`;
  for (const url of [
    `${of}/events?follow=false`,
    `${of}/log?follow=true`,
    `${of}/console?format=asciicast`,
    '/builds/events',
  ]) {
    const { statusCode, headers, body } = await shop.ask({ method: 'HEAD', url, headers: shop.auth });
    assert.deepEqual([statusCode, headers['content-length'], body], [200, undefined, ''], url);
  }
});

test('every event that the queue writes, from the POST to each kind of end, is one that the contract describes', async () => {
  await using shop = await apiShop();
  const { store } = shop;
  const add = async () => (await store.add(aBuild())).build.id;
  const requeued = { status: 'queued', losesAttempt: true, notBefore: 0, fault: aFault('hypervisor_failed') } as const;
  const ids = [await add(), await add(), await add()];
  for (let attempt = 1; attempt <= 2; attempt++) {
    const { build, token } = await claimed(store);
    const step = await store.beginStep(build.id, token, { name: 'boot', phase: 'booting' });
    await store.endStep(build.id, token, step, attempt === 1 ? aFault('hypervisor_failed') : undefined);
    if (attempt === 1) await store.finish(build.id, token, requeued);
    else await store.finish(build.id, token, { status: 'succeeded', artifacts: [anArtifact('disk.qcow2')] });
  }
  const { build, token } = await claimed(store);
  await store.hold(build.id, token, { until: 5, ssh: 'ssh x' }, aFault('step_timeout'));
  await store.setHold(build.id, 9);
  await store.cancel(build.id);
  await store.finish(build.id, token, { status: 'failed', fault: aFault('step_timeout') });
  await claimed(store, 'left behind');
  await store.recover();
  await store.cancel(ids.at(-1) ?? '');
  const texts = await Promise.all(ids.map((id) => linesOf(shop, `/builds/${id}/events?follow=false`)));
  const types = new Set([...texts.join('').matchAll(/"type":"([^"]+)"/g)].map(([, type]) => type));
  assert.deepEqual([...types].toSorted(), [
    ...['artifact.published', 'build.cancel_requested', 'build.cancelled', 'build.failed', 'build.held', 'build.phase'],
    ...['build.queued', 'build.requeued', 'build.running', 'build.succeeded', 'step.ended', 'step.started'],
  ]);
});

test('events come as server-sent events, resume after Last-Event-ID, and 204 says that there is no more', async () => {
  await using shop = await apiShop();
  const { build } = await shop.store.add(aBuild());
  await shop.store.event(build.id, 'boot.progress', { line: 'a line' });
  await shop.store.cancel(build.id);
  const ask = (last: string) =>
    shop.ask({
      url: `/builds/${build.id}/events`,
      headers: { ...shop.auth, accept: 'text/event-stream', 'last-event-id': last },
    });
  const all = await ask('0');
  const ids = [...all.body.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  assert.ok(ids.length >= 2);
  assert.match(all.body, /^id: 1\nevent: \S+\ndata: \{"seq":1,.*\}\n\n/);
  assert.equal((await ask(String(ids.at(-1)))).statusCode, 204);
  assert.equal((await ask('x')).statusCode, 400);
  // What a browser comes back with is its own first address, and how far it has read.
  const again = await shop.ask({
    url: `/builds/${build.id}/events?after=1&named=false`,
    headers: { ...shop.auth, accept: 'text/event-stream', 'last-event-id': '2' },
  });
  assert.match(again.body, /^id: 3\ndata: \{"seq":3,.*\}\n\n/);
});

test('a followed text as NDJSON or server-sent events is the same text, with the offset to go on behind each piece', async () => {
  await using shop = await apiShop();
  const { build } = await shop.store.add(aBuild());
  await shop.write(shop.folders.log(build.id), 'zwölf €\n');
  await shop.store.cancel(build.id);
  const ask = (accept: string, offset: number, last?: string) =>
    shop.ask({
      url: `/builds/${build.id}/log?follow=true&offset=${offset}`,
      headers: { ...shop.auth, accept, ...(last === undefined ? {} : { 'last-event-id': last }) },
    });
  assert.equal((await ask('text/plain', 0)).body, 'zwölf €\n');
  assert.equal((await ask('application/x-ndjson', 2)).body, '{"offset":11,"text":"ölf €\\n"}\n');
  assert.equal((await ask('text/event-stream', 2)).body, 'id: 11\ndata: {"offset":11,"text":"ölf €\\n"}\n\n');
  assert.equal((await ask('text/event-stream', 2, '10')).body, 'id: 11\ndata: {"offset":11,"text":"\\n"}\n\n');
  assert.equal((await ask('text/event-stream', 0, '11')).statusCode, 204);
  assert.equal((await ask('application/x-ndjson', 11)).body, '');
});

test('pieces of a text cut no character, wherever it ends while it is added to', async () => {
  const whole = 'aé€😀b';
  const bytes = Buffer.concat([Buffer.from(whole), Buffer.from([0xff, 0x80, 0x41, 0xe2, 0x82])]);
  for (const size of [1, 2, 3, 4, 5, bytes.length]) {
    await using shop = await apiShop();
    const { url } = await shop.listen();
    const { build } = await shop.store.add(aBuild());
    const path = shop.folders.log(build.id);
    await shop.write(path, '');
    const accept = 'application/x-ndjson';
    const reply = await open(`${url}/builds/${build.id}/log?follow=true`, { ...shop.auth, accept });
    const all = text(reply);
    for (let at = 0; at < bytes.length; at += size) {
      await appendFile(path, bytes.subarray(at, at + size));
      shop.growth.grew(path);
    }
    await shop.store.cancel(build.id);
    const pieces = (await all).trimEnd().split('\n').map((line) => JSON.parse(line) as { offset: number; text: string }); // prettier-ignore
    let came = '';
    for (const piece of pieces) {
      came += piece.text;
      assert.equal(bytes.toString('utf8', 0, piece.offset), came);
    }
    assert.equal(came, `${whole}\ufffd\ufffdA\ufffd`);
  }
});

test('a silent event stream shows that it lives', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  await using shop = await apiShop();
  const { url } = await shop.listen();
  const { build } = await shop.store.add(aBuild());
  const follow = async (accept: string) => {
    const reply = await open(`${url}/builds/${build.id}/events`, { ...shop.auth, accept });
    assert.equal(reply.headers['x-accel-buffering'], 'no');
    let heard = '';
    reply.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    await untilTrue(() => heard.includes('"seq":1'));
    return { heard: () => heard, end: () => reply.destroy() };
  };
  const [sse, ndjson] = [await follow('text/event-stream'), await follow('*/*')];
  t.mock.timers.tick(15_000);
  await untilTrue(() => sse.heard().endsWith(': still here\n\n'));
  await untilTrue(() => ndjson.heard().endsWith('}\n\n'));
  sse.end();
  ndjson.end();
});

test('followers and waiters that go away leave no listener, and those that stay end with the daemon', async () => {
  await using queue = await storeShop();
  const { build } = await queue.store.add(aBuild());
  await using plain = await apiShop();
  const { count, store, growth } = counting(queue.store, plain.growth);
  await using shop = await apiShop({ store, growth, clock: handClock() });
  const { id, secret, hash } = mintToken(systemIds);
  await store.addToken({ id, name: 'a test', scopes: ['admin'], hash });
  const authorization = `Bearer ${secret}`;
  const { url } = await shop.listen();
  const paths = ['log?follow=true', 'console?follow=true', 'events', 'events?after=1'];
  const replies = await Promise.all(paths.map((path) => open(`${url}/builds/${build.id}/${path}`, { authorization })));
  const waiting = [1, 2, 3].map(() =>
    httpGet(`${url}/builds/${build.id}?wait=300`, { headers: { authorization }, agent: false }),
  );
  for (const request of waiting) request.on('error', () => undefined);
  // Three waiters share one listener, and so do two who follow events; one more, for all builds, keeps the replies that were given.
  const always = 1;
  const texts = 2;
  await untilTrue(() => count.listeners === always + texts + 1 + 1 && count.followers === texts);
  for (const reply of replies) reply.destroy();
  for (const request of waiting) request.destroy();
  await untilTrue(() => count.listeners === always && count.followers === 0);

  const stays = await Promise.all(paths.map((path) => open(`${url}/builds/${build.id}/${path}`, { authorization })));
  const ends = Promise.all(stays.map((reply) => text(reply)));
  shop.stop();
  await ends;
  await untilTrue(() => count.listeners === always && count.followers === 0);
});

test('a reader that does not read costs no memory, and gets every byte when he does', async () => {
  await using shop = await apiShop();
  const { url } = await shop.listen();
  const { build } = await shop.store.add(aBuild());
  const path = shop.folders.console(build.id);
  await shop.write(path, Buffer.alloc(64 * 1024 * 1024, 'x'));
  const before = process.memoryUsage();
  const reply = await open(`${url}/builds/${build.id}/console?follow=true`, shop.auth);
  await sleep(300);
  const after = process.memoryUsage();
  const grownMb = (after.heapUsed + after.external - before.heapUsed - before.external) / 2 ** 20;
  assert.ok(grownMb < 20, `${grownMb.toFixed(1)} MiB more`);
  await shop.store.cancel(build.id);
  let bytes = 0;
  for await (const chunk of reply) bytes += (chunk as Buffer).length;
  assert.equal(bytes, 64 * 1024 * 1024);
});

test('a hundred waiting clients are told within 250 ms of the change', async () => {
  await using shop = await apiShop();
  const { url } = await shop.listen();
  const told = async () => {
    await shop.store.add(aBuild());
    const { build, token } = await claimed(shop.store);
    const asked = Array.from({ length: 100 }, () =>
      open(`${url}/builds/${build.id}?wait=60`, { ...shop.auth, 'if-none-match': `"${build.version}"` }),
    );
    await sleep(300);
    const changedAt = performance.now();
    await shop.store.beginStep(build.id, token, { name: 'boot', phase: 'booting' });
    const replies = await Promise.all(asked);
    const ms = performance.now() - changedAt;
    assert.ok(replies.every(({ statusCode }) => statusCode === 200));
    for (const reply of replies) reply.resume();
    return ms;
  };
  const ms = await atBest(250, told);
  assert.ok(ms <= 250, `it took ${ms.toFixed(0)} ms`);
});

test('many who follow one build are told each event once and in order, by one look at each change', async () => {
  await using behind = await storeShop();
  let looks = 0;
  const store: Store = {
    ...behind.store,
    events: (...asked) => ((looks += 1), behind.store.events(...asked)),
    find: (id) => ((looks += 1), behind.store.find(id)),
  };
  await using shop = await apiShop({ store });
  const { url } = await shop.listen();
  const { id: tokenId, secret, hash } = mintToken(systemIds);
  await store.addToken({ id: tokenId, name: 'a test', scopes: ['builds:read'], hash });
  const { build } = await store.add(aBuild());
  const { token } = await claimed(store);
  const followers = 120;
  const seen: number[][] = Array.from({ length: followers }, () => []);
  const headers = { authorization: `Bearer ${secret}`, accept: 'text/event-stream' };
  const ends = seen.map(async (own, at) => {
    // Two forms, and one who comes in the middle.
    const reply = await open(
      `${url}/builds/${build.id}/events?named=${at % 2 === 0}&after=${at === 7 ? 1 : 0}`,
      headers,
    );
    for await (const piece of reply.setEncoding('utf8'))
      own.push(...[...String(piece).matchAll(/^id: (\d+)$/gm)].map(([, number]) => Number(number)));
  });
  await untilTrue(() => seen.every((own) => own.at(-1) === 2));
  looks = 0;
  const changes = 30;
  for (let n = 0; n < changes; n++) {
    await store.event(build.id, 'boot.progress', { line: `line ${n}` }, token);
    if (n % 10 === 9) await untilTrue(() => seen.every((own) => own.at(-1) === n + 3));
  }
  assert.ok(looks <= changes * 8, `${looks} looks for ${changes} changes and ${followers} followers`);
  await store.finish(build.id, token, { status: 'succeeded', artifacts: [] });
  await Promise.all(ends);
  const last = (await store.find(build.id))?.version ?? 0;
  for (const [at, own] of seen.entries())
    assert.deepEqual(
      own,
      Array.from({ length: at === 7 ? last - 1 : last }, (_, n) => n + (at === 7 ? 2 : 1)),
    );
});

test('many who follow one console and one log get every byte once, whenever they come, and what is added is read once for all', async () => {
  await using behind = await storeShop();
  let finds = 0;
  await using plain = await apiShop();
  const { count, store: counted, growth } = counting(behind.store, plain.growth);
  const store: Store = { ...counted, find: (id) => ((finds += 1), counted.find(id)) };
  await using shop = await apiShop({ store, growth });
  const { url } = await shop.listen();
  const { id: tokenId, secret, hash } = mintToken(systemIds);
  await store.addToken({ id: tokenId, name: 'a test', scopes: ['builds:read'], hash });
  const { build } = await store.add(aBuild());
  const { token } = await claimed(store);
  const path = shop.folders.console(build.id);
  const beginning = 'é'.repeat(100_000);
  await shop.write(path, beginning);
  let written = beginning;
  const forms = ['text/plain', 'application/x-ndjson', 'text/event-stream'];
  const textIn = (form: string, came: string): string =>
    form === 'text/plain'
      ? came
      : [...came.matchAll(/^(?:data: )?(\{.*\})$/gm)].map(([, json = '']) => (JSON.parse(json) as { text: string }).text).join(''); // prettier-ignore
  const come = async (at: number) => {
    const accept = forms[at % forms.length] ?? '';
    const offset = at % 5 === 0 ? 2 * at : 0;
    const headers = { authorization: `Bearer ${secret}`, accept };
    const reply = await open(`${url}/builds/${build.id}/console?follow=true&offset=${offset}`, headers);
    return { all: text(reply).then((came) => textIn(accept, came)), offset };
  };
  const followers = await Promise.all(Array.from({ length: 100 }, (_, at) => come(at)));
  finds = 0;
  const pieces = 200;
  for (let n = 0; n < pieces; n++) {
    const words = `line ${n} ${'€'.repeat(n % 17)}\n`;
    written += words;
    await appendFile(path, words);
    shop.growth.grew(path);
    if (n % 20 === 0) followers.push(await come(n));
  }
  assert.equal(count.followers, 1, 'each listens for itself');
  const late = pieces / 20;
  assert.ok(
    finds <= 3 * (late + 1),
    `${finds} looks at the build for ${pieces} pieces and ${followers.length} followers`,
  );
  await store.finish(build.id, token, { status: 'succeeded', artifacts: [] });
  for (const { all, offset } of followers)
    assert.ok((await all) === Buffer.from(written).toString('utf8', offset), 'a follower was told another text');
});
