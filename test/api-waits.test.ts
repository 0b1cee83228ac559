import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, recordOf } from '../src/base/fault.ts';
import { deferred } from '../src/base/waiting.ts';
import { apiShop, type ApiShop } from './api-shop.ts';
import { untilTrue } from './fixtures/until-true.ts';
import { aBuild, aFault, anArtifact, claimed } from './store-shop.ts';

const get = (shop: ApiShop, url: string, headers: Record<string, string> = {}) =>
  shop.ask({ url, headers: { ...shop.auth, ...headers } });

test('If-None-Match gives 304 while nothing has changed', async () => {
  await using shop = await apiShop();
  const { build } = await shop.store.add(aBuild());
  const url = `/builds/${build.id}`;
  const etag = `"${build.version}"`;
  assert.equal((await get(shop, url, { 'if-none-match': etag })).statusCode, 304);
  assert.equal((await get(shop, url, { 'if-none-match': '"999"' })).statusCode, 200);
  await shop.ask({ method: 'POST', url: `${url}/cancel`, headers: shop.auth });
  assert.equal((await get(shop, url, { 'if-none-match': etag })).statusCode, 200);
});

test('?wait returns at the change, with the new ETag, and at the limit with 304', async () => {
  await using shop = await apiShop();
  await shop.listen();
  const { build } = await shop.store.add(aBuild());
  const atLimit = await get(shop, `/builds/${build.id}?wait=1`, { 'if-none-match': `"${build.version}"` });
  assert.equal(atLimit.statusCode, 304);
  const waiting = get(shop, `/builds/${build.id}?wait=30`, { 'if-none-match': `"${build.version}"` });
  const alsoWaiting = get(shop, `/builds/${build.id}?wait=30`);
  await new Promise((resolve) => setImmediate(resolve));
  await shop.store.event(build.id, 'boot.progress', { line: 'a line' });
  const changed = await waiting;
  assert.equal(changed.statusCode, 200);
  assert.notEqual(changed.headers.etag, `"${build.version}"`);
  assert.equal((await alsoWaiting).statusCode, 200);
});

test('a build that has ended is not waited for', async () => {
  await using shop = await apiShop();
  await shop.listen();
  const { build } = await shop.store.add(aBuild());
  await shop.store.cancel(build.id);
  const plain = await get(shop, `/builds/${build.id}?wait=300`);
  assert.equal(plain.statusCode, 200);
  const known = await get(shop, `/builds/${build.id}?wait=300`, { 'if-none-match': String(plain.headers.etag) });
  assert.equal(known.statusCode, 304);
});

test('a long poll ends when the daemon stops', async () => {
  await using shop = await apiShop();
  await shop.listen();
  const { build } = await shop.store.add(aBuild());
  const waiting = get(shop, `/builds/${build.id}?wait=300`);
  const result = get(shop, `/builds/${build.id}/result?wait=300`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  shop.stop();
  assert.equal((await waiting).statusCode, 304);
  assert.equal((await result).statusCode, 202);
});

test('/result is 202, then 200 or 409 with the reason and the build', async () => {
  await using shop = await apiShop();
  await shop.listen();
  const { build: good } = await shop.store.add(aBuild());
  const early = await get(shop, `/builds/${good.id}/result`);
  assert.equal(early.statusCode, 202);
  assert.equal(early.headers['retry-after'], '5');
  const waiting = get(shop, `/builds/${good.id}/result?wait=30`);
  const first = await claimed(shop.store);
  await shop.store.finish(good.id, first.token, { status: 'succeeded', artifacts: [anArtifact('a.raw')] });
  assert.equal((await waiting).statusCode, 200);
  assert.equal((await waiting).json<{ status: string }>().status, 'succeeded');

  const { build: bad } = await shop.store.add(aBuild());
  const second = await claimed(shop.store);
  const log = shop.folders.log(bad.id);
  const fault = recordOf(
    new Fault('console_silent', `Nothing came; see ${log}.`, { consoleTail: 'login:', exitCode: 3, args: ['/secret'] }),
  );
  await shop.store.finish(bad.id, second.token, { status: 'failed', fault });
  const failed = await get(shop, `/builds/${bad.id}/result?wait=30`);
  assert.equal(failed.statusCode, 409);
  const problem = failed.json<{
    code: string;
    detail: string;
    build: { fault: { code: string; console_tail: string; facts: object } };
  }>();
  assert.equal(problem.code, 'build_unsuccessful');
  assert.equal(problem.build.fault.code, 'console_silent');
  assert.equal(problem.build.fault.console_tail, 'login:');
  assert.deepEqual(problem.build.fault.facts, { exit_code: 3 });
  assert.doesNotMatch(JSON.stringify(problem.build), /imaged-api-/, 'a path of the host is shown');
});

test('a build that is looked at again and again is as it is in the store, after each change and when it is deleted', async () => {
  await using shop = await apiShop();
  const { build } = await shop.store.add(aBuild());
  const looked = async () => {
    const reply = await shop.ask({ url: `/builds/${build.id}`, headers: shop.auth });
    return reply.statusCode === 200 ? reply.json<{ status: string; version: number }>() : reply.statusCode;
  };
  const same = async () => {
    const { status, version } = (await shop.store.find(build.id)) ?? {};
    for (let n = 0; n < 3; n++) {
      const seen = await looked();
      assert.ok(typeof seen === 'object');
      assert.deepEqual([seen.status, seen.version], [status, version]);
    }
  };
  await same();
  const { token } = await claimed(shop.store);
  await same();
  const seq = await shop.store.beginStep(build.id, token, { name: 'boot', phase: 'booting' });
  await same();
  await shop.store.endStep(build.id, token, seq);
  await same();
  await shop.store.finish(build.id, token, { status: 'succeeded', artifacts: [] });
  await same();
  await shop.store.remove(build.id);
  assert.equal(await looked(), 404);
});

/** Follows a build from ETag to ETag until it has ended; `seen` is told of each state. */
const followed = async (shop: ApiShop, id: string, seen: (version: number) => void): Promise<string> => {
  let reply = await get(shop, `/builds/${id}`);
  for (;;) {
    const { status, version } = reply.json<{ status: string; version: number }>();
    assert.equal(reply.headers.etag, `"${version}"`);
    seen(version);
    if (['succeeded', 'failed', 'cancelled'].includes(status)) return status;
    reply = await get(shop, `/builds/${id}?wait=300`, { 'if-none-match': `"${version}"` });
    assert.equal(reply.statusCode, 200);
  }
};

test('of many builds that change fast, nobody who polls by ETag is left at a state that is not the newest', async () => {
  await using shop = await apiShop();
  await shop.listen();
  const all = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const { build } = await shop.store.add(aBuild());
      const seen = [0, 0, 0, 0, 0];
      const ends = seen.map((_, poller) => followed(shop, build.id, (version) => (seen[poller] = version)));
      return { id: build.id, seen, ends };
    }),
  );
  const { store } = shop;
  for (let left = all.length; left > 0; left--) {
    const { build, token } = await claimed(store);
    const fault = aFault('provisioner_failed');
    const changes: readonly (() => Promise<unknown>)[] = [
      async () => store.endStep(build.id, token, await store.beginStep(build.id, token, { name: 'boot', phase: 'booting' })), // prettier-ignore
      () => store.hold(build.id, token, { until: Date.now() + 60_000 }, fault),
      () => store.finish(build.id, token, { status: 'failed', fault }),
    ];
    for (const change of changes) {
      // Those who wait are told while those who were told ask again.
      void store.event(build.id, 'boot.progress', { line: 'a line' });
      await change();
      const version = (await store.find(build.id))?.version;
      const { seen = [] } = all.find(({ id }) => id === build.id) ?? {};
      await untilTrue(() => seen.length > 0 && seen.every((one) => one === version));
    }
  }
  const ends = await Promise.all(all.flatMap((one) => one.ends));
  assert.ok(ends.every((status) => status === 'failed'));
});

test('a look at the queue that takes longer than the build stays there does not hide what came of it', async () => {
  const slow = deferred<undefined>();
  const isAsked = deferred<true>();
  let looks = 0;
  const waiting = () => {
    looks += 1;
    if (looks !== 2) return Promise.resolve(undefined);
    isAsked.resolve(true);
    return slow.promise;
  };
  await using shop = await apiShop({ live: { waiting } });
  await shop.listen();
  const { build } = await shop.store.add(aBuild());
  const url = `/builds/${build.id}?wait=300`;
  const first = get(shop, url, { 'if-none-match': `"${build.version}"` });
  await untilTrue(() => looks === 1);
  await new Promise((resolve) => setImmediate(resolve));
  await shop.store.event(build.id, 'boot.progress', { line: 'a line' });
  await isAsked.promise;
  // Has the state that is looked at now, and waits for the next.
  const second = get(shop, url, { 'if-none-match': `"${build.version + 1}"` });
  await new Promise((resolve) => setImmediate(resolve));
  await claimed(shop.store);
  assert.equal((await first).json<{ status: string }>().status, 'running');
  slow.resolve(undefined);
  assert.equal((await second).json<{ status: string }>().status, 'running');
});

test('a build that changes at the very end of a wait is told, not only its ETag', async () => {
  const end = deferred<undefined>();
  let looks = 0;
  // The wait for the change ends while it is looked why the build waits.
  const waiting = () => (++looks === 2 ? end.promise : Promise.resolve(undefined));
  await using shop = await apiShop({ live: { waiting } });
  await shop.listen();
  const { build } = await shop.store.add(aBuild());
  const known = `"${build.version}"`;
  const reply = get(shop, `/builds/${build.id}?wait=1`, { 'if-none-match': known });
  await untilTrue(() => looks === 1);
  await new Promise((resolve) => setImmediate(resolve));
  await shop.store.event(build.id, 'boot.progress', { line: 'a line' });
  const { statusCode, headers } = await reply;
  end.resolve(undefined);
  assert.notEqual(headers.etag, known);
  assert.equal(statusCode, 200);
});
