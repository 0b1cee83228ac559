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

const machine = { memory: '64M', disks: [{ size: '1M' }], cdrom: 'media:shop/boot.iso' };

const BuildView = z.looseObject({
  id: z.string(),
  status: z.string(),
  version: z.int(),
  template: z.looseObject({ name: z.string(), version: z.int().optional() }),
  labels: z.record(z.string(), z.string()),
  priority: z.int(),
  timeout_seconds: z.number(),
  on_error: z.string(),
});

const Wrong = z.looseObject({
  code: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).default([]),
});

const Input = z.looseObject({
  template: z.looseObject({}),
  variables: z.record(z.string(), z.unknown()),
  began_with: z.looseObject({ files: z.array(z.looseObject({ name: z.string(), state: z.string() })) }).optional(),
});

const post = (shop: ApiShop, url: string, payload: object = {}, headers: Record<string, string> = {}) =>
  shop.ask({ method: 'POST', url, payload, headers: { ...shop.auth, ...headers } });

const get = (shop: ApiShop, url: string) => shop.ask({ url, headers: shop.auth });

const buildOf = async (shop: ApiShop, id: string) => BuildView.parse((await get(shop, `/builds/${id}`)).json());

const inputOf = async (shop: ApiShop, id: string) => Input.parse((await get(shop, `/builds/${id}/input`)).json());

/** An archive of these files; what is no text is one in JSON. */
const archive = async (files: Readonly<Record<string, unknown>>): Promise<Buffer> => {
  const folder = await mkdtemp(join(tmpdir(), 'again-'));
  try {
    for (const [name, content] of Object.entries(files))
      await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
    return await tarOf(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};

/** A build that is asked for so, and has ended badly. */
const failed = async (shop: ApiShop, payload: object) => {
  const reply = await post(shop, '/builds', payload);
  assert.equal(reply.statusCode, 201, reply.body);
  const { build } = await claimed(shop.store, `of ${BuildView.parse(reply.json()).id}`);
  await shop.store.finish(build.id, `of ${build.id}`, { status: 'failed', fault: aFault('provisioner_failed') });
  return build.id;
};

const tiny = {
  name: 'tiny',
  variables: { release: { default: '7.8' } },
  machine,
  communicator: { type: 'ssh' },
  provisioners: [{ type: 'shell', inline: ['echo {{ release }}'] }],
};

test('a retry is made of what the build was made of, and each of the two says so', async () => {
  await using shop = await admittingShop();
  const asked = {
    ...{ template: tiny, variables: { release: '7.9' }, labels: { team: 'infra' }, priority: 7, timeout: '2h' },
    notify: [{ url: 'https://ci.example.org/mine', events: ['build.failed'], secret: 'x'.repeat(24) }],
  };
  const id = await failed(shop, { ...asked, on_error: 'hold' });
  const before = await buildOf(shop, id);
  const reply = await post(shop, `/builds/${id}/retry`);
  assert.equal(reply.statusCode, 201, reply.body);
  const retry = BuildView.parse(reply.json());
  assert.deepEqual([reply.headers['location'], reply.headers['etag']], [`/builds/${retry.id}`, `"${retry.version}"`]);
  assert.deepEqual([retry['retry_of'], retry.status], [id, 'queued']);
  const marks = (build: typeof before) => [build.labels, build.priority, build.timeout_seconds, build.on_error];
  assert.deepEqual(marks(retry), marks(before));
  assert.deepEqual(await inputOf(shop, retry.id), await inputOf(shop, id));
  const now = await buildOf(shop, id);
  assert.deepEqual([now['retried_by'], now.version], [retry.id, before.version + 1]);
  const [mine, all] = (await shop.store.frozen(retry.id))?.notify ?? [];
  assert.deepEqual([mine?.url, mine?.secret, all?.source], ['https://ci.example.org/mine', 'x'.repeat(24), 'configuration']); // prettier-ignore
});

test('a retry may change what the failure hangs on: variables, what becomes of the machine, and the template', async () => {
  await using shop = await admittingShop();
  const id = await failed(shop, { template: tiny, variables: { release: '7.9' } });
  assert.equal((await post(shop, `/builds/${id}/retry`, { machine: 'another' })).statusCode, 400);
  const held = BuildView.parse((await post(shop, `/builds/${id}/retry`, { on_error: 'hold', debug: true })).json());
  assert.deepEqual([held.on_error, held['debug']], ['hold', true]);
  const mended = { ...tiny, provisioners: [{ type: 'shell', inline: ['echo mended {{ release }}'] }] };
  const reply = await post(shop, `/builds/${id}/retry`, { template: mended, variables: { release: '7.7' } });
  assert.equal(reply.statusCode, 201, reply.body);
  const retry = BuildView.parse(reply.json());
  const { template, variables } = await inputOf(shop, retry.id);
  assert.deepEqual([template, variables], [mended, { release: '7.7' }]);
  assert.equal((await buildOf(shop, id))['retried_by'], retry.id);
});

test('a retry with an archive is made of its files, and the places of what is wrong are in it', async () => {
  await using shop = await admittingShop();
  const script = { ...tiny, provisioners: [{ type: 'shell', script: 'setup.sh' }] };
  const headers = { 'content-type': 'application/x-tar' };
  const first = await post(
    shop,
    '/builds',
    await archive({ 'template.json': script, 'setup.sh': 'exit 3\n' }),
    headers,
  );
  const { build } = await claimed(shop.store, 'first');
  assert.equal(BuildView.parse(first.json()).id, build.id);
  const path = `/builds/${build.id}/retry`;
  assert.equal((await post(shop, path)).statusCode, 409);
  await shop.store.finish(build.id, 'first', { status: 'failed', fault: aFault('provisioner_failed') });
  const same = BuildView.parse((await post(shop, path)).json());
  const mended = await post(shop, path, await archive({ 'template.json': script, 'setup.sh': 'exit 0\n' }), headers);
  assert.equal(mended.statusCode, 201, mended.body);
  const contexts = await Promise.all(
    [build.id, same.id, BuildView.parse(mended.json()).id].map(async (id) => (await shop.store.find(id))?.contextId),
  );
  assert.equal(contexts[0], contexts[1]);
  assert.ok(contexts[2] !== undefined && contexts[2] !== contexts[0]);
  const wrong = await post(shop, path, await archive({ 'template.json': script }), headers);
  assert.equal(wrong.statusCode, 422);
  assert.equal(Wrong.parse(wrong.json()).errors[0]?.pointer, 'template.json:/provisioners/0/script');
  await rm(shop.folders.context(contexts[0] ?? ''), { recursive: true });
  const gone = await post(shop, path);
  assert.deepEqual([gone.statusCode, Wrong.parse(gone.json()).code], [409, 'inputs_changed']);
});

test('what has not ended is not made again, and is told what to do', async () => {
  await using shop = await admittingShop();
  const { id } = BuildView.parse((await post(shop, '/builds', { template: tiny })).json());
  const cases = [
    ['queued', /Wait for its end, or cancel it/],
    ['running', /Wait for its end, or cancel it/],
    ['held', new RegExp(`POST /builds/${id}/resume`)],
  ] as const;
  for (const [status, todo] of cases) {
    if (status === 'running') await claimed(shop.store, 'w');
    if (status === 'held') await shop.store.hold(id, 'w', { until: Date.now() + 60_000 }, aFault('provisioner_failed'));
    for (const how of ['retry', 'rebuild']) {
      const reply = await post(shop, `/builds/${id}/${how}`);
      assert.equal(reply.statusCode, 409, `${status}: ${how}`);
      const { code, detail } = Wrong.parse(reply.json());
      assert.equal(code, 'build_active');
      assert.match(detail, todo);
    }
  }
  assert.equal((await post(shop, '/builds/01ARZ3NDEKTSV4RRFFQ69G5FAV/retry')).statusCode, 404);
});

test('a resumption needs a held build, and what its query says belongs into a body that is there', async () => {
  await using shop = await admittingShop();
  const { id } = BuildView.parse((await post(shop, '/builds', { template: tiny })).json());
  const codeOf = async (path: string, body?: object) => Wrong.parse((await post(shop, path, body)).json()).code;
  assert.equal(await codeOf(`/builds/${id}/resume`), 'build_not_paused');
  assert.equal(await codeOf(`/builds/${id}/resume?from=setup`), 'invalid_input');
  assert.equal(await codeOf(`/builds/${id}/resume`, { frmo: 'setup' }), 'invalid_input');
  await claimed(shop.store, 'w');
  await shop.store.hold(id, 'w', { until: Date.now() + 60_000 }, aFault('provisioner_failed'));
  const wrong = { ...tiny, provisioners: [{ type: 'shell', inlin: ['true'] }] };
  const reply = await post(shop, `/builds/${id}/resume`, { template: wrong });
  assert.deepEqual([reply.statusCode, Wrong.parse(reply.json()).errors[0]?.pointer], [422, '/template/provisioners/0/inlin']); // prettier-ignore
  // Its daemon has no machine of it.
  assert.equal(await codeOf(`/builds/${id}/resume`, { template: tiny }), 'build_not_held');
});

test('a template that a held build is to go on with gets no sensitive value of another token, and shows none', async () => {
  const resumed: unknown[] = [];
  await using shop = await admittingShop({ live: { resumeHeld: async (_, ask) => void resumed.push(ask) } });
  const template = { ...tiny, variables: { ...tiny.variables, password: { sensitive: true } } };
  const { id } = BuildView.parse((await post(shop, '/builds', { template, variables: { password: 'hunter22' } })).json()); // prettier-ignore
  await claimed(shop.store, 'w');
  await shop.store.hold(id, 'w', { until: Date.now() + 60_000 }, aFault('provisioner_failed'));
  const resume = async (document: object, { authorization } = shop.auth) => {
    const reply = await post(shop, `/builds/${id}/resume`, { template: document }, { authorization });
    assert.doesNotMatch(reply.body, /hunter22/);
    return reply;
  };
  const mended = { ...template, provisioners: [{ type: 'shell', inline: ['echo mended {{ password }}'] }] };
  const other = await shop.token(['builds:write'], 'another');
  const refused = await resume(mended, other);
  assert.equal(refused.statusCode, 422);
  const [wrong] = Wrong.parse(refused.json()).errors;
  assert.equal(wrong?.pointer, '/template/variables/password');
  assert.match(
    wrong?.message ?? '',
    /^holds a secret of another token; only that token may send a template that uses it$/,
  );
  // What is wrong with a value is told with the value, unless that is known to be sensitive.
  const plain = { ...tiny, variables: { ...tiny.variables, password: {} } };
  const shown = { ...plain, provisioners: [{ type: 'shell', inline: ['true'], remote_folder: '{{ password }}' }] };
  assert.equal((await resume(shown)).statusCode, 422);
  const made = await resume(plain);
  assert.equal(made.statusCode, 422);
  assert.match(Wrong.parse(made.json()).errors[0]?.message ?? '', /must be sensitive/);
  assert.deepEqual(resumed, []);
  assert.equal((await resume(mended)).statusCode, 204);
  assert.equal(resumed.length, 1);
});

test('the same retry under one key is one build, also when the build was retried in other ways meanwhile', async () => {
  await using shop = await admittingShop();
  const id = await failed(shop, { template: tiny });
  const key = { 'idempotency-key': 'k' };
  const first = BuildView.parse((await post(shop, `/builds/${id}/retry`, {}, key)).json());
  await post(shop, `/builds/${id}/retry`, { on_error: 'hold' });
  const again = await post(shop, `/builds/${id}/retry`, {}, key);
  assert.deepEqual([BuildView.parse(again.json()).id, again.headers['idempotency-replayed']], [first.id, 'true']);
  assert.equal((await post(shop, `/builds/${id}/retry`, { debug: true }, key)).statusCode, 422);
  assert.equal((await post(shop, `/builds/${id}/rebuild`, {}, key)).statusCode, 422);
});

test('a sensitive value that was forgotten has to be sent again, also where the variable has a default', async () => {
  await using shop = await admittingShop();
  const variables = { password: { sensitive: true, default: 'a default of it' } };
  const id = await failed(shop, { template: { ...tiny, variables: { ...tiny.variables, ...variables } }, variables: { password: 'hunter22' } }); // prettier-ignore
  const refused = await post(shop, `/builds/${id}/retry`);
  assert.equal(refused.statusCode, 422);
  const { errors, detail } = Wrong.parse(refused.json());
  assert.equal(errors[0]?.pointer, '/variables/password');
  assert.doesNotMatch(detail, /hunter22/);
  const reply = await post(shop, `/builds/${id}/retry`, { variables: { password: 'hunter23' } });
  assert.equal(reply.statusCode, 201, reply.body);
  const { build, input } = await claimed(shop.store, 'w');
  assert.deepEqual([build.id, input.variables['password']], [BuildView.parse(reply.json()).id, 'hunter23']);
  assert.deepEqual((await inputOf(shop, build.id)).variables, { password: '<sensitive>' });
});

test('a rebuild is made of the template as it was, whatever is stored under its name now', async () => {
  await using shop = await admittingShop();
  const store = (document: object) =>
    shop.ask({ method: 'PUT', url: '/templates/tiny', payload: document, headers: shop.auth });
  await store(tiny);
  const id = await failed(shop, { template: 'tiny', variables: { release: '7.9' } });
  await store({ ...tiny, provisioners: [{ type: 'shell', inline: ['echo another'] }] });
  const reply = await post(shop, `/builds/${id}/rebuild`, { strict: true });
  assert.equal(reply.statusCode, 201, reply.body);
  const rebuild = BuildView.parse(reply.json());
  assert.deepEqual([rebuild['rebuild_of'], rebuild.template], [id, { name: 'tiny', version: 1 }]);
  assert.deepEqual(await inputOf(shop, rebuild.id), await inputOf(shop, id));
  assert.equal((await shop.ask({ method: 'DELETE', url: '/templates/tiny', headers: shop.auth })).statusCode, 204);
  assert.equal((await post(shop, `/builds/${id}/rebuild`)).statusCode, 201);
  const before = await buildOf(shop, id);
  assert.deepEqual([before['retried_by'], before.version], [undefined, 3]);
});

test('a strict rebuild is refused where a medium has changed or gone, with its place in the input; another is made', async () => {
  await using shop = await admittingShop();
  const id = await failed(shop, { template: tiny });
  const { began_with: began } = await inputOf(shop, id);
  assert.deepEqual(began?.files.map(({ name }) => name), ['media:shop/boot.iso']); // prettier-ignore
  await writeFile(join(shop.home, 'boot.iso'), 'another one');
  const changed = await post(shop, `/builds/${id}/rebuild`, { strict: true });
  const problem = Wrong.parse(changed.json());
  assert.deepEqual([changed.statusCode, problem.code], [409, 'inputs_changed']);
  assert.equal(problem.errors[0]?.pointer, 'input:/began_with/files/0');
  assert.match(problem.errors[0]?.message ?? '', /"media:shop\/boot.iso" has changed/);
  assert.equal((await post(shop, `/builds/${id}/rebuild`)).statusCode, 201);
  await rm(join(shop.home, 'boot.iso'));
  const gone = await post(shop, `/builds/${id}/rebuild`);
  assert.equal(gone.statusCode, 422);
  assert.equal(Wrong.parse(gone.json()).errors[0]?.pointer, 'input:/template/machine/cdrom');
});

test('a strict rebuild is refused where a secret of the host has another version', async () => {
  await using shop = await admittingShop();
  await shop.store.putSecret('key', 'first value', {});
  const id = await failed(shop, { template: { ...tiny, variables: { ...tiny.variables, key: { secret: 'key' } } } });
  assert.equal((await post(shop, `/builds/${id}/rebuild`, { strict: true })).statusCode, 201);
  await shop.store.putSecret('key', 'second value', {});
  const reply = await post(shop, `/builds/${id}/rebuild`, { strict: true });
  assert.equal(reply.statusCode, 409);
  const [wrong] = Wrong.parse(reply.json()).errors;
  assert.equal(wrong?.pointer, 'input:/began_with/secrets/0');
  assert.match(wrong?.message ?? '', /has version 2 now, and had 1/);
});

test('a secret that is for one stored template stays out of reach of a retry with another', async () => {
  await using shop = await admittingShop();
  await shop.store.putSecret('key', 'a value', { templates: ['tiny'] });
  const secret = { ...tiny, variables: { ...tiny.variables, key: { secret: 'key' } } };
  await shop.ask({ method: 'PUT', url: '/templates/tiny', payload: secret, headers: shop.auth });
  const id = await failed(shop, { template: 'tiny' });
  assert.equal((await post(shop, `/builds/${id}/retry`)).statusCode, 201);
  const mended = { ...secret, provisioners: [{ type: 'shell', inline: ['echo {{ key }}'] }] };
  const reply = await post(shop, `/builds/${id}/retry`, { template: mended });
  assert.equal(reply.statusCode, 422);
  assert.match(Wrong.parse(reply.json()).detail, /is not for this template/);
});

test('all builds of a run are built again, or none of them', async () => {
  await using shop = await admittingShop();
  const template = { ...tiny, machines: { web: {}, db: {} } };
  const made = await post(shop, '/runs', { template, parallel: 1 });
  const Run = z.looseObject({
    id: z.string(),
    builds: z.array(z.looseObject({ id: z.string(), machine: z.string() })),
  });
  const run = Run.parse(made.json());
  const path = `/runs/${run.id}/rebuild`;
  assert.equal((await post(shop, path)).statusCode, 409);
  for (const { id } of run.builds) {
    const { build } = await claimed(shop.store, id);
    await shop.store.finish(build.id, id, { status: 'succeeded', artifacts: [] });
  }
  const reply = await post(shop, path, { strict: true }, { 'idempotency-key': 'r' });
  assert.equal(reply.statusCode, 201, reply.body);
  const rebuilt = Run.parse(reply.json());
  assert.deepEqual([rebuilt['rebuild_of'], rebuilt['parallel']], [run.id, 1]);
  assert.deepEqual(rebuilt.builds.map(({ machine: name }) => name), ['web', 'db']); // prettier-ignore
  const first = await buildOf(shop, rebuilt.builds[0]?.id ?? '');
  assert.deepEqual([first['rebuild_of'], first['run']], [run.builds[0]?.id, rebuilt.id]);
  const again = await post(shop, path, { strict: true }, { 'idempotency-key': 'r' });
  assert.equal(Run.parse(again.json()).id, rebuilt.id);
  await shop.store.remove(run.builds[0]?.id ?? '');
  const gone = await post(shop, path);
  assert.deepEqual([gone.statusCode, Wrong.parse(gone.json()).code], [409, 'inputs_changed']);
});
