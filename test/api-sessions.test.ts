import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiShop, type ApiShop } from './api-shop.ts';
import { storeShop } from './store-shop.ts';

const page = { 'x-imaged-page': '1' };

const secretOf = ({ authorization }: { readonly authorization: string }): string =>
  authorization.slice('Bearer '.length);

const logIn = (shop: ApiShop, token: string, headers: Readonly<Record<string, string>> = {}) =>
  shop.ask({ method: 'POST', url: '/session', headers, payload: { token } });

const setCookie = (reply: { readonly headers: Record<string, unknown> }): string => String(reply.headers['set-cookie']);

const cookieOf = (reply: { readonly headers: Record<string, unknown> }): string =>
  setCookie(reply).split(';', 1)[0] ?? '';

/** A session of a token that may do this. */
const session = async (shop: ApiShop, scopes: Parameters<ApiShop['token']>[0] = ['builds:write']) => {
  const token = await shop.token(scopes);
  const reply = await logIn(shop, secretOf(token));
  assert.equal(reply.statusCode, 201, reply.body);
  return { cookie: cookieOf(reply), token, reply };
};

const body = { template: { name: 'tiny' } };

test('a token is exchanged for a cookie that no script reads, no other site sends, and no answer or log shows', async () => {
  await using shop = await apiShop();
  const { reply, token } = await session(shop);
  assert.match(
    setCookie(reply),
    /^imaged_session=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/,
  );
  assert.deepEqual(reply.json<{ scopes: string[]; name: string }>().scopes, ['builds:write']);
  const secret = cookieOf({ headers: reply.headers }).split('=')[1] ?? '';
  for (const text of [reply.body, ...shop.told, ...shop.troubles]) {
    assert.ok(!text.includes(secret));
    assert.ok(!text.includes(secretOf(token)));
  }
});

test('the cookie is for TLS alone where the browser came over TLS', async () => {
  await using shop = await apiShop();
  const token = await shop.token(['builds:read']);
  const headers = { origin: 'https://imaged.example.org', host: 'imaged.example.org' };
  assert.match(setCookie(await logIn(shop, secretOf(token), headers)), /; Secure$/);
});

test('a wrong token is refused, and there is no cookie', async () => {
  await using shop = await apiShop();
  const reply = await logIn(shop, 'imgd_wrong');
  assert.deepEqual([reply.statusCode, reply.headers['set-cookie']], [401, undefined]);
});

test('the cookie stands for the scopes of its token, and no more', async () => {
  await using shop = await apiShop();
  const { cookie } = await session(shop, ['builds:read']);
  const list = await shop.ask({ url: '/builds', headers: { cookie } });
  assert.equal(list.statusCode, 200);
  const made = await shop.ask({ method: 'POST', url: '/builds', headers: { cookie, ...page }, payload: body });
  assert.deepEqual([made.statusCode, made.json<{ code: string }>().code], [403, 'forbidden']);
  const secrets = await shop.ask({ url: '/secrets', headers: { cookie } });
  assert.equal(secrets.statusCode, 403);
});

test('with the cookie alone nothing is changed: not without the header of the page, not from another site', async () => {
  await using shop = await apiShop();
  const { cookie } = await session(shop);
  const post = (headers: Readonly<Record<string, string>>) =>
    shop.ask({ method: 'POST', url: '/builds', headers: { cookie, host: 'imaged.test', ...headers }, payload: body });
  const refused = [
    {},
    { origin: 'http://imaged.test' },
    { ...page, origin: 'http://evil.test' },
    { ...page, origin: 'http://imaged.test:81' },
    { ...page, origin: 'null' },
    { ...page, 'sec-fetch-site': 'cross-site' },
    { ...page, 'sec-fetch-site': 'same-site', origin: 'http://imaged.test' },
  ];
  for (const headers of refused) {
    const reply = await post(headers);
    assert.deepEqual([reply.statusCode, reply.json<{ code: string }>().code], [403, 'foreign_request']);
  }
  assert.deepEqual((await shop.store.list({}, { limit: 10 })).items, []);
  assert.equal((await post({ ...page, origin: 'http://imaged.test' })).statusCode, 201);
  assert.equal((await post({ ...page, 'sec-fetch-site': 'same-origin', origin: 'https://proxied' })).statusCode, 201);
  assert.equal((await post(page)).statusCode, 201);
});

test('another site can neither log a browser in nor out', async () => {
  await using shop = await apiShop();
  const { cookie, token } = await session(shop);
  const foreign = { origin: 'http://evil.test' };
  assert.equal((await logIn(shop, secretOf(token), foreign)).statusCode, 403);
  const out = await shop.ask({ method: 'DELETE', url: '/session', headers: { cookie, ...page, ...foreign } });
  assert.equal(out.statusCode, 403);
  assert.equal((await shop.ask({ url: '/session', headers: { cookie } })).statusCode, 200);
});

test('a session ends when it is left, and the cookie goes', async () => {
  await using shop = await apiShop();
  const { cookie } = await session(shop);
  const out = await shop.ask({ method: 'DELETE', url: '/session', headers: { cookie, ...page } });
  assert.equal(out.statusCode, 204);
  assert.match(setCookie(out), /^imaged_session=; Path=\/; Max-Age=0;/);
  assert.equal((await shop.ask({ url: '/builds', headers: { cookie } })).statusCode, 401);
});

test('revoking a token ends its sessions at once, and those of others stay', async () => {
  await using shop = await apiShop();
  const [one, other] = [await session(shop), await session(shop)];
  assert.equal((await shop.ask({ url: '/builds', headers: { cookie: one.cookie } })).statusCode, 200);
  await shop.store.revokeToken(one.token.id);
  assert.equal((await shop.ask({ url: '/builds', headers: { cookie: one.cookie } })).statusCode, 401);
  assert.equal((await shop.ask({ url: '/builds', headers: { cookie: other.cookie } })).statusCode, 200);
});

test('GET /session says who asks, with a cookie or a token, and when that ends', async () => {
  await using shop = await apiShop();
  const { cookie } = await session(shop);
  const seen = (await shop.ask({ url: '/session', headers: { cookie } })).json<Record<string, unknown>>();
  assert.deepEqual([seen['name'], seen['scopes']], ['a test', ['builds:write']]);
  assert.ok(Date.parse(String(seen['expires_at'])) > Date.now());
  const bearer = (await shop.ask({ url: '/session', headers: shop.auth })).json<Record<string, unknown>>();
  assert.deepEqual(bearer, { name: 'a test', scopes: ['builds:write'] });
  assert.equal((await shop.ask({ url: '/session' })).statusCode, 401);
});

test('the eleventh try to log in within a minute is refused, by address, and a token in a header goes on', async () => {
  await using shop = await apiShop();
  const tries = (from: string) => logIn(shop, 'imgd_wrong', { 'x-forwarded-for': `9.9.9.9, ${from}` });
  for (let n = 0; n < 10; n += 1) assert.equal((await tries('10.0.0.1')).statusCode, 401);
  const refused = await tries('10.0.0.1');
  assert.deepEqual([refused.statusCode, refused.json<{ code: string }>().code], [429, 'too_many_logins']);
  assert.match(String(refused.headers['retry-after']), /^[0-9]+$/);
  assert.equal((await tries('10.0.0.2')).statusCode, 401);
  for (let n = 0; n < 10; n += 1) assert.equal((await tries(`2001:db8:0:7::${n}`)).statusCode, 401);
  assert.equal((await tries('2001:db8::7:a:b:c:d')).statusCode, 429, 'one host has all addresses of its network');
  for (let n = 0; n < 10; n += 1) assert.equal((await tries(`no address ${n}`)).statusCode, 401);
  assert.equal((await tries('nor this')).statusCode, 429);
  assert.equal((await shop.ask({ url: '/builds', headers: shop.auth })).statusCode, 200);
});

test('a token has at most 100 sessions: the oldest goes', async () => {
  await using shop = await storeShop();
  const { store, clock } = shop;
  const hashOf = (n: number) => new Uint8Array(32).fill(n);
  await store.addToken({ id: 'token', name: 'a test', scopes: ['builds:read'], hash: hashOf(0) });
  for (let n = 0; n <= 100; n += 1) {
    clock.time += 1;
    await store.addSession({ hash: hashOf(n), tokenId: 'token', expiresAt: clock.time + 60_000 });
  }
  const there = await Promise.all(Array.from({ length: 101 }, (_, n) => store.session(hashOf(n))));
  assert.deepEqual(
    there.flatMap((one, n) => (one === undefined ? [n] : [])),
    [0],
  );
});

test('a session is over when its time is, or the time of its token', async () => {
  await using shop = await storeShop();
  const { store, clock } = shop;
  const add = async (n: number, expiresAt: number, tokenExpiresAt: number) => {
    const hash = new Uint8Array(32).fill(n);
    const id = `token${n}`;
    await store.addToken({ id, name: 'a test', scopes: ['builds:read'], hash, expiresAt: tokenExpiresAt });
    await store.addSession({ hash, tokenId: id, expiresAt });
    return async () => (await store.session(hash)) !== undefined;
  };
  const now = clock.time;
  const [short, shortToken] = [await add(1, now + 1000, now + 9000), await add(2, now + 9000, now + 1000)];
  assert.deepEqual([await short(), await shortToken()], [true, true]);
  clock.time += 999;
  assert.deepEqual([await short(), await shortToken()], [true, true]);
  clock.time += 1;
  assert.deepEqual([await short(), await shortToken()], [false, false]);
});

test('a session outlives a restart of the daemon', async () => {
  await using shop = await storeShop();
  const hash = new Uint8Array(32).fill(1);
  await shop.store.addToken({ id: 'token', name: 'a test', scopes: ['builds:read'], hash });
  await shop.store.addSession({ hash, tokenId: 'token', expiresAt: shop.clock.time + 60_000 });
  const store = await shop.reopen();
  assert.equal((await store.session(hash))?.token.name, 'a test');
});

test('what follows or waits ends with its token, and with its session', async () => {
  await using shop = await apiShop();
  const { url } = await shop.listen();
  const follow = async (headers: Readonly<Record<string, string>>) => {
    const reply = await fetch(`${url}/builds/events`, { headers });
    assert.equal(reply.status, 200);
    const reader = reply.body?.getReader();
    await reader?.read();
    // A stream that has no end is cut.
    const end = (async () => {
      while ((await reader?.read())?.done === false);
      return 'ended';
    })().catch(() => 'cut');
    return { end, cancel: () => reader?.cancel() };
  };
  const stays = await follow({ authorization: shop.auth.authorization });
  const revoked = await shop.token(['builds:read']);
  const byToken = await follow({ authorization: revoked.authorization });
  const { cookie } = await session(shop);
  const bySession = await follow({ cookie });
  await shop.store.revokeToken(revoked.id);
  assert.equal(await byToken.end, 'cut');
  const left = await shop.ask({ method: 'DELETE', url: '/session', headers: { cookie, ...page, host: 'imaged.test' } });
  assert.equal(left.statusCode, 204);
  assert.equal(await bySession.end, 'cut');
  assert.equal(await Promise.race([stays.end, Promise.resolve('goes on')]), 'goes on');
  await stays.cancel();
});
