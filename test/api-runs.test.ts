import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import type { ApiShop } from './api-shop.ts';
import { admittingShop } from './fixtures/admitting-shop.ts';
import { tarOf } from './fixtures/tiny-builds.ts';
import { aFault, claimed } from './store-shop.ts';

const site = {
  name: 'site',
  machine: { memory: '64M', disks: [{ size: '1M' }], cdrom: 'media:shop/boot.iso' },
  machines: { web: {}, db: { machine: { memory: '128M' } }, mail: {} },
};

const RunView = z.object({
  id: z.string(),
  status: z.string(),
  version: z.int(),
  template: z.looseObject({ name: z.string() }),
  builds: z.array(z.object({ id: z.string(), machine: z.string(), status: z.string() }).loose()),
}).loose(); // prettier-ignore

const Wrong = z.object({ code: z.string(), detail: z.string(), errors: z.array(z.object({ pointer: z.string(), message: z.string() })).default([]) }); // prettier-ignore

const post = (shop: ApiShop, url: string, payload: object, headers: Record<string, string> = {}) =>
  shop.ask({ method: 'POST', url, payload, headers: { ...shop.auth, ...headers } });

const runOf = async (shop: ApiShop, body: object = {}) => {
  const reply = await post(shop, '/runs', { template: site, ...body });
  assert.equal(reply.statusCode, 201, reply.body);
  return RunView.parse(reply.json());
};

const get = (shop: ApiShop, url: string, headers: Record<string, string> = {}) =>
  shop.ask({ url, headers: { ...shop.auth, ...headers } });

const wrongOf = (reply: { readonly json: () => unknown }) => Wrong.parse(reply.json());

/** Runs the head of the queue to this end. */
const finish = async ({ store }: ApiShop, status: 'succeeded' | 'failed', token: string) => {
  const { build } = await claimed(store, token);
  const end =
    status === 'succeeded'
      ? ({ status, artifacts: [] } as const)
      : ({ status, fault: aFault('guest_panicked', 'it panicked') } as const);
  await store.finish(build.id, token, end);
};

test('POST /runs makes a build for each machine, and each says which it is', async () => {
  await using shop = await admittingShop();
  const reply = await post(shop, '/runs', { template: site, labels: { team: 'infra' }, parallel: 2, fail_fast: true });
  const run = RunView.parse(reply.json());
  assert.deepEqual(run.builds.map(({ machine }) => machine), ['web', 'db', 'mail']); // prettier-ignore
  assert.deepEqual([run.status, run['parallel'], run['fail_fast'], run.template.name], ['queued', 2, true, 'site']);
  assert.deepEqual([reply.headers['location'], reply.headers['etag']], [`/runs/${run.id}`, `"${run.version}"`]);
  const db = run.builds[1]?.id ?? '';
  const build = z.looseObject({ demand: z.looseObject({ memory_mb: z.int() }) }).parse((await get(shop, `/builds/${db}`)).json()); // prettier-ignore
  assert.deepEqual([build['run'], build['machine'], build.demand.memory_mb], [run.id, 'db', 128]);
  const input = z.looseObject({ template: z.unknown() }).parse((await get(shop, `/builds/${db}/input`)).json());
  assert.deepEqual(input.template, { name: 'db', machine: { ...site.machine, memory: '128M' } });
  const listed = await get(shop, `/builds?run=${run.id.toLowerCase()}&label=team=infra`);
  assert.equal(z.object({ items: z.array(z.unknown()) }).parse(listed.json()).items.length, 3);
});

test('every machine is judged before anything is stored, and all that is wrong is told with its place', async () => {
  await using shop = await admittingShop();
  const template = {
    ...site,
    provisioners: [{ type: 'shell', inline: ['true'], override: { db: { max_retries: 'many' } } }],
    communicator: { type: 'ssh' },
    machines: { web: { machine: { memroy: '1G' } }, db: {}, mail: {} },
  };
  const reply = await post(shop, '/runs', { template });
  assert.equal(reply.statusCode, 422);
  const places = wrongOf(reply).errors.map(({ pointer }) => pointer);
  assert.deepEqual(places, ['/template/machines/web/machine/memroy', '/template/provisioners/0/override/db/max_retries']); // prettier-ignore
  assert.equal((await shop.store.counts()).queued, 0);
  assert.deepEqual((await shop.store.runs({ limit: 9 })).items, []);
});

test('POST /builds of several machines names them and POST /runs, and builds the one that it names', async () => {
  await using shop = await admittingShop();
  const refused = wrongOf(await post(shop, '/builds', { template: site }));
  assert.equal(refused.code, 'template_invalid');
  assert.match(refused.detail, /web, db, mail.*POST \/runs.*"machine"/);
  const named = wrongOf(await post(shop, '/builds', { template: site, machine: 'dp' }));
  assert.deepEqual([named.errors[0]?.pointer, /did you mean "db"/.test(named.detail)], ['/machine', true]);
  const one = z.looseObject({}).parse((await post(shop, '/builds', { template: site, machine: 'db' })).json());
  assert.deepEqual([one['machine'], one['run'], one['template']], ['db', undefined, { name: 'site' }]);
});

test('only and except choose machines that there are, and exclude each other; a lone template is one machine', async () => {
  await using shop = await admittingShop();
  const machinesOf = async (body: object) => (await runOf(shop, body)).builds.map(({ machine }) => machine);
  assert.deepEqual(await machinesOf({ only: ['mail', 'web'] }), ['web', 'mail']);
  assert.deepEqual(await machinesOf({ except: ['web'] }), ['db', 'mail']);
  assert.deepEqual(await machinesOf({ template: { name: 'tiny', machine: site.machine } }), ['tiny']);
  for (const [body, pointer] of [
    [{ only: ['wep'] }, '/only/0'],
    [{ except: ['web', 'db', 'mail'] }, '/except'],
    [{ only: ['web'], except: ['db'] }, '/except'],
    [{ only: [] }, '/only'],
    [{ parallel: 0 }, '/parallel'],
    [{ machine: 'web' }, '/machine'],
  ] as const)
    assert.equal(wrongOf(await post(shop, '/runs', { template: site, ...body })).errors[0]?.pointer, pointer);
});

test('validate=true says what each machine would be, and stores nothing', async () => {
  await using shop = await admittingShop();
  const reply = await post(shop, '/runs?validate=true', { template: site });
  assert.equal(reply.statusCode, 200);
  const { machines } = z.object({ machines: z.array(z.looseObject({ machine: z.string() })) }).parse(reply.json());
  assert.deepEqual(machines.map(({ machine }) => machine), ['web', 'db', 'mail']); // prettier-ignore
  assert.equal((await shop.store.counts()).queued, 0);
});

test('a key gives the same run again, and stands for nothing else', async () => {
  await using shop = await admittingShop();
  const headers = { 'idempotency-key': 'commit-1' };
  const first = await post(shop, '/runs', { template: site }, headers);
  const again = await post(shop, '/runs', { template: site }, headers);
  assert.equal(again.headers['idempotency-replayed'], 'true');
  assert.deepEqual(RunView.parse(again.json()).id, RunView.parse(first.json()).id);
  for (const [url, body] of [
    ['/runs', { template: site, only: ['web'] }],
    ['/builds', { template: site, machine: 'web' }],
  ] as const)
    assert.equal(wrongOf(await post(shop, url, body, headers)).code, 'idempotency_mismatch');
});

test('the builds of a run share its context, which is kept as long as one needs it', async () => {
  await using shop = await admittingShop();
  const folder = await mkdtemp(join(tmpdir(), 'run-context-'));
  const template = { ...site, http: { script: { file: 'a.sh' } } };
  await writeFile(join(folder, 'a.sh'), 'true\n');
  await writeFile(join(folder, 'template.json'), JSON.stringify(template));
  const body = await tarOf(folder);
  await rm(folder, { recursive: true });
  const send = (query: string) =>
    shop.ask({ method: 'POST', url: `/runs?${query}`, payload: body, headers: { ...shop.auth, 'content-type': 'application/x-tar' } }); // prettier-ignore
  assert.equal(wrongOf(await send('only=web,wep')).errors[0]?.pointer, 'query:/only/1');
  const { builds } = RunView.parse((await send('only=web,db&parallel=1&fail_fast=true')).json());
  const [web, db] = await Promise.all(builds.map(({ id }) => shop.store.find(id)));
  assert.ok(web?.contextId !== undefined && web.contextId === db?.contextId);
  await shop.store.cancel(web.id);
  await shop.store.remove(web.id);
  assert.deepEqual([...(await shop.store.contexts())], [db.contextId]);
});

test('a run answers a waiting client when one of its builds changes, and its result when all have ended', async () => {
  await using shop = await admittingShop();
  const { id, version } = await runOf(shop, { only: ['web', 'db'] });
  assert.equal((await get(shop, `/runs/${id}`, { 'if-none-match': `"${version}"` })).statusCode, 304);
  const [change, result] = [get(shop, `/runs/${id}?wait=60`), get(shop, `/runs/${id}/result?wait=60`)];
  await finish(shop, 'succeeded', 'a');
  const seen = RunView.parse((await change).json());
  assert.ok(seen.version > version && seen.status === 'running');
  assert.equal((await get(shop, `/runs/${id}/result`)).statusCode, 202);
  assert.equal((await get(shop, `/runs/${id}/status`)).body, 'running\n');
  await finish(shop, 'failed', 'b');
  const { statusCode, ...ended } = await result;
  assert.equal(statusCode, 409);
  const problem = Wrong.extend({ run: RunView }).parse(ended.json?.() ?? JSON.parse(ended.body));
  assert.deepEqual([problem.code, problem.detail], ['run_unsuccessful', 'db failed: it panicked']);
  assert.equal((await get(shop, `/runs/${id}?wait=60`)).statusCode, 200, 'what has ended is not waited for');
});

test('a run of which all builds succeed has the result 200, and is listed', async () => {
  await using shop = await admittingShop();
  const first = await runOf(shop, { only: ['web'] });
  const { id } = await runOf(shop, { only: ['db'] });
  await finish(shop, 'succeeded', 'a');
  assert.equal((await get(shop, `/runs/${first.id}/result?wait=60`)).statusCode, 200);
  const page = z.object({ items: z.array(RunView), next: z.string() }).parse((await get(shop, '/runs?limit=1')).json());
  assert.deepEqual([page.items[0]?.id, page.next], [id, id]);
  assert.equal((await get(shop, '/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV')).statusCode, 404);
});

test('cancelling a run cancels its builds, with the reason', async () => {
  await using shop = await admittingShop();
  const { id } = await runOf(shop);
  const reply = await post(shop, `/runs/${id}/cancel`, { reason: 'superseded' });
  assert.equal(reply.statusCode, 202);
  const run = RunView.parse(reply.json());
  assert.deepEqual([run.status, run.builds.map(({ status }) => status)], ['cancelled', ['cancelled', 'cancelled', 'cancelled']]); // prettier-ignore
  assert.match(String(run.builds[0]?.['fault']), /superseded/);
});

test('the events of a run are those of all its builds, each once, and go on behind the one that was read last', async () => {
  await using shop = await admittingShop();
  const run = await runOf(shop);
  const Item = z.object({ id: z.string(), build: z.string(), machine: z.string(), event: z.looseObject({ seq: z.int(), type: z.string() }) }); // prettier-ignore
  const events = async (query: string, headers: Record<string, string> = {}) => {
    const reply = await get(shop, `/runs/${run.id}/events?follow=false${query}`, headers);
    assert.equal(reply.statusCode, 200, reply.body);
    return reply.body.split('\n').filter(Boolean).map((line) => Item.parse(JSON.parse(line))); // prettier-ignore
  };
  const queued = await events('');
  assert.deepEqual(
    queued.map(({ machine, event }) => [machine, event.type]),
    ['web', 'db', 'mail'].map((machine) => [machine, 'build.queued']),
  );
  assert.deepEqual(queued.map(({ id }) => id), ['1.0.0', '1.1.0', '1.1.1']); // prettier-ignore
  const following = get(shop, `/runs/${run.id}/events?after=1.1.1`);
  for (let n = 0; n < 3; n++) await finish(shop, 'succeeded', `token-${n}`);
  const followed = (await following).body.split('\n').filter(Boolean).map((line) => Item.parse(JSON.parse(line))); // prettier-ignore
  for (const machine of ['web', 'db', 'mail'])
    assert.equal(
      followed.filter((item) => item.machine === machine && item.event.type === 'build.succeeded').length,
      1,
    );
  assert.ok(followed.every(({ event }) => event.seq > 1));
  const last = followed.at(-1)?.id ?? '';
  assert.deepEqual(await events(`&after=${last}`), []);
  const sse = { accept: 'text/event-stream', 'last-event-id': last };
  assert.equal((await get(shop, `/runs/${run.id}/events`, sse)).statusCode, 204);
  const whole = await get(shop, `/runs/${run.id}/events`, { accept: 'text/event-stream' });
  assert.match(whole.body, /^id: 1\.0\.0\nevent: build\.queued\ndata: \{"id":"1\.0\.0","build":"/);
  assert.equal((await get(shop, `/runs/${run.id}/events?after=x`)).statusCode, 400);
});

test('a template that extends a stored one takes its newest version and says so; circles and lost names are refused', async () => {
  await using shop = await admittingShop();
  const put = (name: string, payload: object) =>
    shop.ask({ method: 'PUT', url: `/templates/${name}`, payload, headers: shop.auth });
  assert.equal(
    (await put('low', { ...site, machines: undefined, variables: { size: { default: '1M' } } })).statusCode,
    201,
  );
  assert.equal((await put('mid', { extends: 'low', name: 'mid', machine: { memory: '96M' } })).statusCode, 201);
  const template = { extends: 'mid@1', machine: { cpus: 2 } };
  const build = z.looseObject({ id: z.string(), template: z.unknown() }).parse((await post(shop, '/builds', { template })).json()); // prettier-ignore
  const bases = [{ name: 'mid', version: 1 }, { name: 'low', version: 1 }]; // prettier-ignore
  assert.deepEqual(build.template, { name: 'mid', extends: bases });
  const input = z.object({ template: z.looseObject({ machine: z.unknown() }) }).parse((await get(shop, `/builds/${build.id}/input`)).json()); // prettier-ignore
  assert.deepEqual(input.template.machine, { ...site.machine, memory: '96M', cpus: 2 });

  const wrong = async (document: object) => wrongOf(await post(shop, '/builds', { template: document })).errors[0];
  assert.match((await wrong({ extends: 'lost' }))?.message ?? '', /no template "lost"/);
  assert.equal((await wrong({ extends: 'low', machine: { memroy: 1 } }))?.pointer, '/template/machine/memroy');
  for (const [name, base, ring] of [
    ['low', 'mid', /low extends mid@1 extends low$/],
    ['mid', 'mid', /mid extends mid$/],
  ] as const) {
    const reply = await put(name, { name, extends: base });
    assert.equal(reply.statusCode, 422, reply.body);
    const [error] = reply.json<{ errors: { pointer: string; message: string }[] }>().errors;
    assert.equal(error?.pointer, '/extends');
    assert.match(error.message, ring);
  }
  assert.equal((await put('mid', { extends: 'mid@1', name: 'mid', machine: { cpus: 3 } })).statusCode, 201);
});

test('what a base has wrong is told with its name, and its secrets are not shown by what extends it', async () => {
  await using shop = await admittingShop();
  const put = (name: string, payload: object) =>
    shop.ask({ method: 'PUT', url: `/templates/${name}`, payload, headers: shop.auth });
  const variables = { pass: { default: 'hunter22', sensitive: true }, size: { required: true } };
  await put('low', { name: 'low', machine: { ...site.machine, disks: [{ size: '{{ size }}' }] }, variables });
  const reply = await post(shop, '/builds', { template: { extends: 'low' }, variables: { size: 'much' } });
  assert.deepEqual(wrongOf(reply).errors.map(({ pointer }) => pointer), ['low@1:/machine/disks/0/size']); // prettier-ignore
  const folder = await mkdtemp(join(tmpdir(), 'run-context-'));
  await writeFile(
    join(folder, 'template.json'),
    JSON.stringify({ extends: 'low', machine: { cdrom: 'media:lost/x' } }),
  );
  const body = await tarOf(folder);
  await rm(folder, { recursive: true });
  for (const [url, method] of [
    ['/templates/top', 'PUT'],
    ['/runs?variable=size=much', 'POST'],
  ] as const) {
    const headers = { ...shop.auth, 'content-type': 'application/x-tar' };
    const places = wrongOf(await shop.ask({ method, url, payload: body, headers })).errors.map(
      ({ pointer }) => pointer,
    );
    assert.ok(places.includes('template.json:/machine/cdrom'), places.join());
    assert.equal(places.includes('low@1:/machine/disks/0/size'), method === 'POST', places.join());
  }
  const made = await put('top', {
    extends: 'low',
    variables: { pass: { default: 'hunter33' } },
    machines: { web: { variables: { pass: { default: 'hunter44' } } } },
  });
  assert.equal(made.statusCode, 201, made.body);
  assert.doesNotMatch((await get(shop, '/templates/top')).body, /hunter/);
  assert.doesNotMatch((await get(shop, '/templates/low')).body, /hunter/);
});

test('a plain password of one machine is a hash in its build and in the stored template', async () => {
  await using shop = await admittingShop();
  const autoinstall = { 'Password for root account': 'correct horse', 'Continue without verification': 'yes' };
  const template = { ...site, machines: { web: { http: { 'install.conf': { autoinstall } } } } };
  const stored = await shop.ask({ method: 'PUT', url: '/templates/site', payload: template, headers: shop.auth });
  assert.match(stored.body, /\$2b\$/);
  assert.doesNotMatch(stored.body, /correct horse/);
  const { builds } = await runOf(shop, { template: 'site' });
  const sent = await runOf(shop, { template });
  for (const { id } of [...builds, ...sent.builds]) {
    const { body } = await get(shop, `/builds/${id}/input`);
    assert.match(body, /\$2b\$/);
    assert.doesNotMatch(body, /correct horse/);
  }
});
