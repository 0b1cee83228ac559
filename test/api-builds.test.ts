import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, recordOf } from '../src/base/fault.ts';
import { BuildAskBody } from '../src/api/builds/request.ts';
import { RunAskBody } from '../src/api/runs/request.ts';
import { ScheduleBody } from '../src/api/schedules/schema.ts';
import { StepTimesQuery } from '../src/api/statistics/schema.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { apiShop, type ApiShop } from './api-shop.ts';
import { aBuild, claimed, nobody } from './store-shop.ts';

const submit = (shop: ApiShop, body: object, headers: Record<string, string> = {}, query = '') =>
  shop.ask({ method: 'POST', url: `/builds${query}`, headers: { ...shop.auth, ...headers }, payload: body });

const get = (shop: ApiShop, url: string, headers: Record<string, string> = {}) =>
  shop.ask({ url, headers: { ...shop.auth, ...headers } });

test('a POST answers 201 with Location, ETag and Retry-After, and the build can be read there', async () => {
  await using shop = await apiShop();
  const made = await submit(shop, { template: { name: 'tiny' }, labels: { team: 'infra' }, timeout: '1h30m' });
  assert.equal(made.statusCode, 201);
  const { id, status, timeout_seconds } = made.json<{ id: string; status: string; timeout_seconds: number }>();
  assert.equal(made.headers.location, `/builds/${id}`);
  assert.equal(made.headers['retry-after'], '5');
  assert.deepEqual({ status, timeout_seconds }, { status: 'queued', timeout_seconds: 5400 });
  const read = await get(shop, `/builds/${id}`);
  assert.equal(read.headers.etag, made.headers.etag);
  // Why it waits, and how far it is, is told where it is looked at.
  const { waiting, progress, ...rest } = read.json<{ waiting: object; progress: object }>();
  assert.deepEqual(rest, made.json());
  assert.deepEqual(waiting, { for: 'slot', position: 1, message: 'All workers are busy.' });
  assert.deepEqual(progress, { step: 0, steps: 1, fraction: 0, eta_seconds: null });
});

test('a build is listed by every name that its template may have', async () => {
  await using shop = await apiShop();
  for (const name of ['web-', 'web.', 'a_', `a${'-'.repeat(63)}`]) {
    assert.equal(parseTemplate({ name }).name, name);
    const { build } = await shop.store.add(aBuild({ template: { name }, templateName: name }));
    const listed = await get(shop, `/builds?template=${name}`);
    assert.deepEqual(
      listed.json<{ items: { id: string }[] }>().items.map(({ id }) => id),
      [build.id],
    );
    const stored = await shop.ask({
      ...{ method: 'PUT', url: `/templates/${name}`, headers: shop.auth, payload: { name } },
    });
    assert.equal(stored.statusCode, 201, stored.body);
    assert.equal((await submit(shop, { template: `${name}@1` })).statusCode, 201);
  }
});

test('a machine is asked for by the same rule wherever a request names one', () => {
  const longest = 'x'.repeat(128);
  for (const [schema, body] of [
    [BuildAskBody, (machine: string) => ({ template: { name: 'tiny' }, machine })],
    [RunAskBody, (machine: string) => ({ template: { name: 'tiny' }, only: [machine] })],
    [ScheduleBody, (machine: string) => ({ template: 'tiny', cron: '@daily', machine })],
    [StepTimesQuery, (machine: string) => ({ template: 'tiny', machine })],
  ] as const) {
    assert.ok(schema.safeParse(body(longest)).success);
    const refused = schema.safeParse(body(`${longest}x`)).error?.issues.map(({ message }) => message);
    assert.deepEqual(refused, ['is longer than any name of a machine']);
  }
});

test('no reply shows a sensitive value', async () => {
  await using shop = await apiShop();
  const template = { name: 'tiny', variables: { password: { default: 'hunter22' } } };
  const made = await submit(shop, { template });
  const { id } = made.json<{ id: string }>();
  const plan = await submit(shop, { template }, {}, '?validate=true');
  const input = await get(shop, `/builds/${id}/input`);
  assert.equal(input.json<{ variables: { password: string } }>().variables.password, '<sensitive>');
  for (const { body } of [made, plan, input]) assert.doesNotMatch(body, /hunter22/);
});

test('?validate=true gives the plan with its notes and stores nothing', async () => {
  await using shop = await apiShop();
  const reply = await submit(shop, { template: { name: 'tiny' } }, {}, '?validate=true');
  assert.equal(reply.statusCode, 200);
  assert.equal(reply.json<{ plan: { name: string }[] }>().plan[0]?.name, 'boot');
  assert.deepEqual(reply.json<{ notes: object[] }>().notes, [
    { pointer: '/template/install', message: 'is looked at twice' },
  ]);
  assert.deepEqual((await shop.store.list({}, { limit: 10 })).items, []);
});

test('a template of Packer in place of a request is refused with one sentence on what to do', async () => {
  await using shop = await apiShop();
  const reply = await submit(shop, { builders: [{ type: 'qemu' }], provisioners: [] }, {});
  assert.equal(reply.statusCode, 400);
  const { detail, errors } = reply.json<{ detail: string; errors: object[] }>();
  assert.match(detail, /^The body is a template of Packer.*A template is sent as \{"template": \{\.\.\.\}\}\.$/);
  assert.equal(errors.length, 1);
});

test('the same key and body give the same build again, in whatever order its keys are; another body is refused', async () => {
  await using shop = await apiShop();
  const key = { 'idempotency-key': 'commit-1' };
  const first = await submit(shop, { template: { name: 'tiny' }, labels: { a: '1', b: '2' } }, key);
  const again = await submit(shop, { labels: { b: '2', a: '1' }, template: { name: 'tiny' } }, key);
  assert.equal(again.statusCode, 201);
  assert.equal(again.headers['idempotency-replayed'], 'true');
  assert.equal(again.headers.location, first.headers.location);
  const other = await submit(shop, { template: { name: 'tiny' }, labels: { a: '2' } }, key);
  assert.equal(other.statusCode, 422);
  assert.equal(other.json<{ code: string }>().code, 'idempotency_mismatch');
  const stranger = await shop.token(['builds:write']);
  const theirs = await submit(
    shop,
    { template: { name: 'tiny' }, labels: { a: '2' } },
    { ...key, ...{ authorization: stranger.authorization } },
  );
  assert.equal(theirs.statusCode, 201);
  assert.notEqual(theirs.headers.location, first.headers.location);
});

test('a body with wrong fields is answered with a pointer to each, and the word that was meant', async () => {
  await using shop = await apiShop();
  const reply = await submit(shop, {
    template: { name: 'tiny' },
    lables: {},
    priority: 'high',
    variables: { release: null },
    timeout: '2x',
  });
  assert.equal(reply.statusCode, 400);
  assert.match(String(reply.headers['content-type']), /^application\/problem\+json/);
  const { errors, code } = reply.json<{ code: string; errors: { pointer: string; message: string }[] }>();
  assert.equal(code, 'invalid_input');
  assert.deepEqual(errors.map(({ pointer }) => pointer).sort(), [
    '/lables',
    '/priority',
    '/timeout',
    '/variables/release',
  ]);
  assert.match(errors.find(({ pointer }) => pointer === '/lables')?.message ?? '', /did you mean "labels"/);
});

test('a template without its wrapping, and a body without a template, are told what to send', async () => {
  await using shop = await apiShop();
  const errorsOf = async (body: object) => (await submit(shop, body)).json<{ errors: { pointer: string; message: string }[] }>().errors.map(({ pointer, message }) => [pointer, message]); // prettier-ignore
  assert.deepEqual(await errorsOf({ name: 'tiny', machine: { memory: '1G' }, http: {}, boot: [] }), [
    ['', 'looks like a template itself: wrap it, {"template": {…}}'],
  ]);
  assert.deepEqual(await errorsOf({}), [['/template', 'is missing: send {"template": …}']]);
});

test('a query with wrong fields is answered with places in the query', async () => {
  await using shop = await apiShop();
  const reply = await get(shop, '/builds?sinse=1&limit=0&label=x');
  const { errors } = reply.json<{ errors: { pointer: string }[] }>();
  assert.equal(reply.statusCode, 400);
  assert.deepEqual(errors.map(({ pointer }) => pointer).sort(), ['query:/label/0', 'query:/limit', 'query:/sinse']);
});

test('a number of a query is written in decimal digits, and in no other way that JavaScript reads', async () => {
  await using shop = await apiShop();
  for (const text of ['', '%20', '5%20', '0x5', '5e0', '5.0', '%2B5', '٥', 'true']) {
    const reply = await get(shop, `/builds?limit=${text}`);
    assert.deepEqual([reply.statusCode, reply.json<{ errors: unknown }>().errors], [400, [{ pointer: 'query:/limit', message: 'is no whole number from 1 to 500' }]], text); // prettier-ignore
  }
  assert.equal((await get(shop, '/builds?limit=5')).statusCode, 200);
});

test('builds are listed by page and by every filter, with a Link to the next page that works as it stands', async () => {
  await using shop = await apiShop();
  for (const team of ['a', 'b', 'a', 'a'])
    await submit(shop, { template: { name: 'tiny' }, labels: { team, 'x=y': 'no' } });
  const bad = await get(shop, '/builds');
  assert.equal(bad.json<{ items: unknown[] }>().items.length, 0);
  for (const team of ['a', 'b', 'a', 'a'])
    await submit(shop, { template: { name: 'tiny' }, labels: { team, os: 'x=y' } });
  const page = await get(
    shop,
    '/builds?label=team=a&label=os=x=y&limit=2&status=queued&template=tiny&since=2020-01-01T00:00:00Z',
  );
  const { items, next } = page.json<{ items: { id: string }[]; next: string }>();
  assert.equal(items.length, 2);
  assert.ok(next);
  const link = /^<([^>]+)>; rel="next"$/.exec(String(page.headers.link))?.[1] ?? '';
  const rest = await get(shop, link);
  assert.equal(rest.json<{ items: unknown[] }>().items.length, 1);
  assert.equal(rest.headers.link, undefined);
  const none = await get(shop, `/builds?since=${Date.now() + 60_000}`);
  assert.deepEqual(none.json(), { items: [] });
});

test('/status is one word and a newline', async () => {
  await using shop = await apiShop();
  const { build } = await shop.store.add(aBuild());
  const reply = await get(shop, `/builds/${build.id}/status`);
  assert.equal(reply.body, 'queued\n');
  assert.match(String(reply.headers['content-type']), /^text\/plain/);
});

test('cancel is idempotent, and DELETE takes only a build that has ended', async () => {
  await using shop = await apiShop();
  const { build } = await shop.store.add(aBuild());
  const remove = () => shop.ask({ method: 'DELETE', url: `/builds/${build.id}`, headers: shop.auth });
  const refused = await remove();
  assert.equal(refused.statusCode, 409);
  assert.equal(refused.json<{ code: string }>().code, 'build_active');
  for (const time of ['first', 'second']) {
    // curl says so by itself when it is told to send an empty body.
    const headers = { ...shop.auth, 'content-type': 'application/x-www-form-urlencoded' };
    const cancelled = await shop.ask({
      method: 'POST',
      url: `/builds/${build.id}/cancel`,
      headers,
      payload: '',
    });
    assert.equal(cancelled.statusCode, 202, `the ${time} time`);
  }
  assert.equal((await remove()).statusCode, 204);
  assert.equal((await remove()).statusCode, 404);
});

test('who asked for a build, cancelled it and why stand in it, in its fault, its events and the log', async () => {
  await using shop = await apiShop();
  const { id, authorization } = await shop.token(['builds:write']);
  const headers = { ...shop.auth, authorization };
  const made = await submit(shop, { template: { name: 'tiny' } }, headers);
  const build = made.json<{ id: string; requested_by: string }>();
  assert.equal(build.requested_by, 'a test');
  const cancel = (reason: unknown) =>
    shop.ask({ method: 'POST', url: `/builds/${build.id}/cancel`, headers, payload: { reason } });
  for (const wrong of ['two\nlines', 'x'.repeat(501), 'turned \u202e around', 7]) {
    const refused = await cancel(wrong);
    const [error] = refused.json<{ errors: { pointer: string }[] }>().errors;
    assert.deepEqual([refused.statusCode, error?.pointer], [400, '/reason'], refused.body);
  }
  const cancelled = (await cancel('superseded')).json<{ cancel: object; fault: { message: string } }>();
  assert.deepEqual(cancelled.cancel, { by: 'a test', reason: 'superseded' });
  assert.equal(cancelled.fault.message, 'The build was cancelled with the token "a test": superseded');
  await cancel('too late');
  assert.equal((await shop.ask({ method: 'DELETE', url: `/builds/${build.id}`, headers })).statusCode, 204);
  const told = shop.told.map((line) => {
    const { msg, build: of, token, by, reason } = JSON.parse(line) as Record<string, unknown>;
    return { msg, of, token, by, reason };
  });
  const who = { of: build.id, token: id, by: 'a test' };
  assert.deepEqual(told, [
    { msg: 'build accepted', ...who, reason: undefined },
    { msg: 'build cancelled', ...who, reason: 'superseded' },
    { msg: 'build deleted', ...who, reason: undefined },
  ]);
});

test('a build that runs is told who cancels it, and says so when it ends', async () => {
  await using shop = await apiShop();
  const { build } = await shop.store.add(aBuild());
  const { token } = await claimed(shop.store);
  const url = `/builds/${build.id}/cancel`;
  await shop.ask({ method: 'POST', url, headers: shop.auth, payload: { reason: 'first' } });
  await shop.ask({ method: 'POST', url, headers: shop.auth, payload: { reason: 'second' } });
  assert.deepEqual((await shop.store.find(build.id))?.cancel, { by: 'a test', reason: 'first' });
  const asked = (await shop.store.events(build.id, 0, 100)).filter(({ type }) => type === 'build.cancel_requested');
  assert.deepEqual(
    asked.map(({ data }) => data),
    [{ by: 'a test', reason: 'first' }],
  );
  await shop.store.finish(build.id, token, { status: 'queued', losesAttempt: false, notBefore: 0 });
  const { fault } = (await shop.store.find(build.id)) ?? {};
  assert.deepEqual([fault?.code, fault?.facts], ['cancelled', { by: 'a test', reason: 'first' }]);
});

test('a held build says how to reach it, takes keys, and is let go', async () => {
  await using shop = await apiShop();
  const { build } = await shop.store.add(aBuild({ onError: 'hold' }));
  const keys = (type: string) =>
    shop.ask({
      method: 'POST',
      url: `/builds/${build.id}/console`,
      headers: { ...shop.auth, 'content-type': type },
      payload: 'dmesg\r',
    });
  const setHold = (payload: object) =>
    shop.ask({ method: 'PUT', url: `/builds/${build.id}/hold`, headers: shop.auth, payload });
  assert.equal((await keys('application/octet-stream')).json<{ code: string }>().code, 'build_not_held');
  assert.equal((await setHold({ minutes: 5 })).statusCode, 409);
  const { token } = await claimed(shop.store);
  const fault = recordOf(new Fault('console_silent', 'Nothing came.'));
  await shop.store.hold(build.id, token, { until: Date.now() + 60_000, ssh: 'ssh -p 2222 root@127.0.0.1' }, fault);
  const hold = await get(shop, `/builds/${build.id}/hold`);
  assert.equal(hold.json<{ held: boolean; ssh: string }>().ssh, 'ssh -p 2222 root@127.0.0.1');
  assert.equal((await keys('application/octet-stream')).statusCode, 204);
  assert.deepEqual(shop.typed, [{ id: build.id, text: 'dmesg\r' }]);
  assert.equal((await keys('application/json')).statusCode, 400);
  assert.equal((await setHold({ minutes: -1 })).statusCode, 400);
  const longer = await setHold({ minutes: 120 });
  assert.ok(Date.parse(longer.json<{ until: string }>().until) > Date.now() + 100 * 60_000);
  assert.equal(
    (await shop.ask({ method: 'DELETE', url: `/builds/${build.id}/hold`, headers: shop.auth })).statusCode,
    204,
  );
});

test('an id is taken in any case and answered as it is kept', async () => {
  await using shop = await apiShop();
  const { build } = await shop.store.add(aBuild());
  const lower = build.id.toLowerCase();
  const seen = (await get(shop, `/builds/${lower}`)).json<{ id: string; links: { self: string } }>();
  assert.deepEqual([seen.id, seen.links.self], [build.id, `/builds/${build.id}`]);
  const cancelled = await shop.ask({ method: 'POST', url: `/builds/${lower}/cancel`, headers: shop.auth });
  assert.equal(cancelled.json<{ id: string }>().id, build.id);
  const none = await get(shop, `/builds/${nobody.toLowerCase()}`);
  assert.match(none.json<{ detail: string }>().detail, new RegExp(nobody));
  const wrong = await get(shop, '/builds/x');
  assert.match(
    wrong.json<{ detail: string }>().detail,
    /^"x" is not an id: ids have 26 characters, such as 01[0-9A-Z]{24}; GET \/builds lists those of builds\.$/,
  );
});

test('builds are listed by several statuses at once, the newest of all first', async () => {
  await using shop = await apiShop();
  const added = [await shop.store.add(aBuild()), await shop.store.add(aBuild()), await shop.store.add(aBuild())];
  const [first = '', second = '', third = ''] = added.map(({ build }) => build.id);
  await shop.store.cancel(second);
  const listed = async (query: string) =>
    (await get(shop, `/builds?${query}`)).json<{ items: { id: string }[] }>().items.map(({ id }) => id);
  assert.deepEqual(await listed('status=queued,cancelled'), [third, second, first]);
  assert.deepEqual(await listed('status=queued&status=running'), [third, first]);
  const next = await get(shop, '/builds?status=queued,cancelled&limit=2');
  assert.match(String(next.headers.link), /status=queued%2Ccancelled/);
  const wrong = await get(shop, '/builds?status=queued,lost');
  assert.match(wrong.json<{ detail: string }>().detail, /^query:\/status has "lost", which is none of queued, running/);
});

test('steps come in order, with the fault of the one that failed', async () => {
  await using shop = await apiShop();
  const { build } = await shop.store.add(aBuild());
  const { token } = await claimed(shop.store);
  const seq = await shop.store.beginStep(build.id, token, { name: 'install', phase: 'installing' });
  await shop.store.endStep(build.id, token, seq, recordOf(new Fault('guest_panicked', 'panic: no init')));
  const { items } = (await get(shop, `/builds/${build.id}/steps`)).json<{
    items: { name: string; fault: { code: string } }[];
  }>();
  assert.deepEqual(
    items.map(({ name, fault }) => [name, fault.code]),
    [['install', 'guest_panicked']],
  );
});

test('a build tells which host runs it, and still does when it has ended, with the phase that it ended in', async () => {
  await using shop = await apiShop();
  const { build } = await shop.store.add(aBuild());
  const look = async () => (await get(shop, `/builds/${build.id}`)).json<{ host?: string; phase?: string }>();
  assert.deepEqual(
    Object.keys(await look()).filter((key) => ['host', 'phase', 'slot'].includes(key)),
    [],
  );
  const { token } = await claimed(shop.store);
  await shop.store.beginStep(build.id, token, { name: 'install', phase: 'installing' });
  const running = await look();
  await shop.store.finish(build.id, token, { status: 'failed', fault: recordOf(new Fault('guest_panicked', 'x')) });
  const ended = await look();
  for (const { host, phase } of [running, ended]) assert.deepEqual([host, phase], ['localhost', 'installing']);
});

test('what is not there is 404 with a problem, under every address of a build', async () => {
  await using shop = await apiShop();
  for (const path of [
    '',
    '/status',
    '/result',
    '/events',
    '/log',
    '/console',
    '/steps',
    '/input',
    '/hold',
    '/artifacts',
    '/artifacts/a',
  ])
    for (const id of [nobody, 'nonsense', '%00', '..%2f..%2fetc'])
      assert.equal((await get(shop, `/builds/${id}${path}`)).statusCode, 404, `${id}${path}`);
});
