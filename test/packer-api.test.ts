import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { makeContexts } from '../src/build/contexts.ts';
import type { ContextHostFacts } from '../src/context/files.ts';
import { foldersBelow } from '../src/build/folders/folders.ts';
import { makeAdmission, type Admission } from '../src/build/admission.ts';
import { systemClock } from '../src/base/clock.ts';
import { systemIds } from '../src/base/ids.ts';
import { apiShop, type ApiShop } from './api-shop.ts';
import { roomy } from './store-shop.ts';

const fixtures = fileURLToPath(new URL('../../test/fixtures/packer', import.meta.url));
const mebi = 2 ** 20;

/** The API with the admission that judges templates, and contexts that are really unpacked. */
const judging = async (host: ContextHostFacts = {}): Promise<ApiShop & { readonly home: string }> => {
  const home = await mkdtemp(join(tmpdir(), 'packer-api-'));
  const folders = foldersBelow(home, join(home, 'run'));
  await folders.prepare();
  await writeFile(join(home, 'kernel'), 'a kernel');
  const made: { admission?: Admission } = {};
  const admission = (): Admission => made.admission ?? assert.fail('a request came too early');
  const shop = await apiShop({
    contexts: makeContexts(folders, systemIds, { files: 1000, bytes: 64 * mebi, templateBytes: mebi }),
    admission: {
      check: (asked) => admission().check(asked),
      checkRun: (...asked) => admission().checkRun(...asked),
      checkTemplate: (...asked) => admission().checkTemplate(...asked),
      translate: (...asked) => admission().translate(...asked),
      declared: (...asked) => admission().declared(...asked),
    },
  });
  made.admission = makeAdmission({
    ...{ store: shop.store, folders, ids: systemIds, clock: systemClock },
    hypervisor: { refuse: async () => [] },
    media: () => ({ kernel: join(home, 'kernel') }),
    host: () => host,
    whole: async () => roomy,
    checkRoom: async () => undefined,
    defaultTimeoutMs: 1000,
    textsMb: 0,
    signal: new AbortController().signal,
  });
  return {
    ...shop,
    home,
    [Symbol.asyncDispose]: async () => {
      await shop[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
};

/** A fixture as an archive, its template changed. */
const archived = async (name: string, home: string, change: (template: Record<string, unknown>) => unknown) => {
  const folder = await mkdtemp(join(home, 'context-'));
  await cp(join(fixtures, name), folder, { recursive: true });
  const template = join(folder, 'template.json');
  const { readFile } = await import('node:fs/promises');
  const document: unknown = JSON.parse(await readFile(template, 'utf8'));
  await writeFile(template, JSON.stringify(change(z.record(z.string(), z.unknown()).parse(document))));
  const { stdout } = await promisify(execFile)('tar', ['-C', folder, '-cf', '-', '.'], { encoding: 'buffer' });
  return stdout;
};

const tar = { 'content-type': 'application/x-tar' };

const Errors = z.object({ errors: z.array(z.object({ pointer: z.string(), message: z.string() })) });

const errorsOf = (body: unknown) => Errors.parse(body).errors.map(({ pointer, message }) => `${pointer} ${message}`);

const vmm = {
  type: 'openbsd-vmm',
  vm_name: 'puffy',
  disk_size: '1G',
  boot: 'media:kernel',
  communicator: 'none',
  boot_command: 'A<enter>',
};

const submit = (shop: ApiShop, template: unknown, query = '', variables: object = {}) =>
  shop.ask({ method: 'POST', url: `/builds${query}`, headers: shop.auth, payload: { template, variables } });

test('a Packer template of one builder is built as its translation, with notes about what has no meaning', async () => {
  await using shop = await judging();
  const reply = await submit(shop, { builders: [{ ...vmm, vm_template: 'x' }] });
  assert.equal(reply.statusCode, 201, reply.body);
  const { id } = z.object({ id: z.string() }).parse(reply.json());
  const input = await shop.store.input(id);
  assert.deepEqual(z.record(z.string(), z.unknown()).parse(input?.template)['machine'], {
    boot: { kernel: 'media:kernel' },
    disks: [{ size: '1G', format: 'raw' }],
    nics: [{ network: 'outgoing' }],
  });
  const plan = (await submit(shop, { builders: [{ ...vmm, vm_template: 'x' }] }, '?validate=true')).json<{
    notes: { pointer: string }[];
  }>();
  assert.deepEqual(
    plan.notes.map(({ pointer }) => pointer),
    ['/template/builders/0/vm_template'],
  );
});

test('where the host gives no network outside, a machine has its endpoint alone, and a note says so', async () => {
  await using shop = await judging({ hasOutgoing: false });
  const reply = await submit(shop, { builders: [vmm] });
  assert.equal(reply.statusCode, 201, reply.body);
  const { id } = z.object({ id: z.string() }).parse(reply.json());
  const { machine } = z
    .object({ machine: z.looseObject({ nics: z.unknown() }) })
    .parse((await shop.store.input(id))?.template);
  assert.deepEqual(machine.nics, [{ network: 'local' }]);
  const plan = await submit(shop, { builders: [vmm] }, '?validate=true');
  assert.match(plan.body, /"\/template\/builders\/0","message":"reaches its endpoint and nothing outside/);
});

test('what is wrong with a translation is told at its place in what the client sent', async () => {
  await using shop = await judging();
  const wrong = {
    ...vmm,
    disk_size: 'large',
    boot: 'media:none',
    boot_wait: 'soon',
  };
  const errors = errorsOf((await submit(shop, { builders: [wrong] })).json());
  assert.deepEqual(
    errors.map((error) => error.split(' ')[0]).sort(),
    ['boot_wait', 'disk_size'].map((key) => `/template/builders/0/${key}`),
  );
  const [untyped] = errorsOf(
    (await submit(shop, { builders: [{ ...vmm, boot_command: ['<enter>', '<foo>'] }] })).json(),
  );
  assert.match(untyped ?? '', /^\/template\/builders\/0\/boot_command .*"<foo>" is not a key/);
  const [missing] = errorsOf((await submit(shop, { builders: [{ ...vmm, boot: 'media:none' }] })).json());
  assert.match(missing ?? '', /^\/template\/builders\/0\/boot this host has no medium "none"/);
});

test('who is refused a template that was read as one of Packer is told so, and nobody else', async () => {
  await using shop = await judging();
  const detail = async (template: unknown) => (await submit(shop, template)).json<{ detail: string }>().detail;
  const said = /The template was read as one of Packer, for it has "builders"\.$/;
  assert.match(await detail({ builders: [{ ...vmm, boot_wait: 'soon' }] }), said);
  assert.match(await detail({ builders: [{ ...vmm, boot: 'media:none' }] }), said);
  assert.doesNotMatch(await detail({ name: 'own', machine: { disks: [] } }), /Packer/);
});

test('values that are sent decide the shape of the machine that is built', async () => {
  await using shop = await judging();
  const template = { variables: { format: null }, builders: [{ ...vmm, disk_format: '{{user `format`}}' }] };
  assert.match(errorsOf((await submit(shop, template)).json())[0] ?? '', /disk_format must be known/);
  assert.equal((await submit(shop, template, '?validate=true', { format: 'qcow2' })).statusCode, 200);
});

test('a template of several builders is refused for one build, and its builders are named', async () => {
  await using shop = await judging();
  const template = { builders: [vmm, { ...vmm, name: 'second' }] };
  const reply = await submit(shop, template);
  assert.equal(reply.statusCode, 422);
  assert.match(errorsOf(reply.json())[0] ?? '', /^\/template has the machines openbsd-vmm, second: .*POST \/runs/);
  const run = await shop.ask({ method: 'POST', url: '/runs', headers: shop.auth, payload: { template } });
  assert.equal(run.statusCode, 201, run.body);
  const { builds } = z.object({ builds: z.array(z.object({ machine: z.string() })) }).parse(run.json());
  assert.deepEqual(builds.map(({ machine }) => machine).sort(), ['openbsd-vmm', 'second']);
});

test('what is wrong with a builder that is not built does not matter', async () => {
  await using shop = await judging();
  const broken = { ...vmm, name: 'broken', floppy_files: ['a'], disk_size: null, frob: 1 };
  const template = { builders: [broken, { ...vmm, name: 'whole' }] };
  const ask = async (url: string, payload: object) =>
    shop.ask({ method: 'POST', url, headers: shop.auth, payload: { template, ...payload } });
  const build = await ask('/builds', { machine: 'whole' });
  assert.equal(build.statusCode, 201, build.body);
  assert.equal(build.json<{ machine: string }>().machine, 'whole');
  for (const names of [{ only: ['whole'] }, { except: ['broken'] }]) {
    const run = await ask('/runs', names);
    assert.equal(run.statusCode, 201, run.body);
  }
  const [one, other] = errorsOf((await ask('/builds', { machine: 'broken' })).json());
  assert.match(`${one} ${other}`, /builders\/0\/floppy_files .*builders\/0\/frob/);
  assert.match(errorsOf((await ask('/builds', { machine: 'third' })).json())[0] ?? '', /\/machine is "third"/);
  assert.match(errorsOf((await ask('/runs', {})).json())[0] ?? '', /builders\/0\/floppy_files/);
});

const packed = async (folder: string): Promise<Buffer> =>
  (await promisify(execFile)('tar', ['-C', folder, '-cf', '-', '.'], { encoding: 'buffer' })).stdout;

/** A folder with one template in HCL2, as an archive. */
const inHcl = async (home: string, text: string, values: Readonly<Record<string, string>> = {}): Promise<Buffer> => {
  const folder = await mkdtemp(join(home, 'hcl-'));
  await writeFile(join(folder, 'vm.pkr.hcl'), text);
  for (const [name, file] of Object.entries(values)) await writeFile(join(folder, name), file);
  return packed(folder);
};

const hclTemplate = (more = '') => `variable "secret" {
  type      = string
  sensitive = true
}

source "openbsd-vmm" "puffy" {
  vm_name      = "puffy"
  disk_size    = "1G"
  boot         = "media:kernel"
  communicator = "none"
  boot_command = ["root \${var.secret}<enter>"]
  ${more}
}

build {
  sources = ["source.openbsd-vmm.puffy"]
}
`;

const post = (shop: ApiShop, url: string, payload: Buffer) =>
  shop.ask({ method: 'POST', url, headers: { ...shop.auth, ...tar }, payload });

test('a context in HCL2 is built; what was sensitive in it is a sensitive variable of the build', async () => {
  await using shop = await judging();
  const archive = await inHcl(shop.home, hclTemplate());
  const reply = await post(shop, '/builds?variable=secret=tr0ub4dor', archive);
  assert.equal(reply.statusCode, 201, reply.body);
  const { id } = z.object({ id: z.string() }).parse(reply.json());
  const input = await shop.store.input(id);
  assert.doesNotMatch(JSON.stringify(input?.template), /tr0ub4dor/);
  assert.deepEqual(input?.variables, { hcl_sensitive_1: 'tr0ub4dor' });
  assert.doesNotMatch((await shop.ask({ url: `/builds/${id}`, headers: shop.auth })).body, /tr0ub4dor/);
});

test('a file of values in HCL2 is read and deleted: nothing of it is kept beside the build', async () => {
  await using shop = await judging();
  const files = { 'a.auto.pkrvars.hcl': 'secret = "hunter2"\n', 'b.auto.pkrvars.json': '{"secret": "tr0ub4dor"}' };
  const reply = await post(shop, '/builds', await inHcl(shop.home, hclTemplate(), files));
  assert.equal(reply.statusCode, 201, reply.body);
  const { id } = z.object({ id: z.string() }).parse(reply.json());
  assert.deepEqual((await shop.store.input(id))?.variables, { hcl_sensitive_1: 'tr0ub4dor' });
  const kept = await readdir(join(shop.home, 'contexts', (await shop.store.find(id))?.contextId ?? ''));
  assert.deepEqual(kept, ['vm.pkr.hcl']);
});

test('a value that was sent for a variable of HCL2 is told with its place in the request', async () => {
  await using shop = await judging();
  const archive = await inHcl(shop.home, `variable "n" {\n  type    = number\n  default = 1\n}\n${hclTemplate()}`);
  const query = '?variable=secret=tr0ub4dor&variable=n=many&variable=lost=1';
  for (const [url, place] of [
    ['/builds', 'query:/variable'],
    ['/templates/import', 'query:/variable'],
  ] as const) {
    const told = errorsOf((await post(shop, url + query, archive)).json()).join('\n');
    assert.match(told, new RegExp(`^${place}/n is no number`, 'm'));
    assert.match(told, new RegExp(`^${place}/lost is no variable of the template: `, 'm'));
  }
});

test('what is wrong in HCL2 is told with its file, line and column, by its reader and by its translation alike', async () => {
  await using shop = await judging();
  const [unset] = errorsOf((await post(shop, '/builds', await inHcl(shop.home, hclTemplate()))).json());
  assert.match(unset ?? '', /^query:\/variable\/secret has no value, and no default at vm\.pkr\.hcl:1:1: /);
  const unknown = await post(
    shop,
    '/builds?variable=secret=tr0ub4dor',
    await inHcl(shop.home, hclTemplate('disk_sise = 1')),
  );
  assert.match(errorsOf(unknown.json())[0] ?? '', /^vm\.pkr\.hcl:12:\d+ .*disk_size/);
});

test('the example in HCL2 is translated by the import route', async () => {
  await using shop = await judging();
  const reply = await post(shop, '/templates/import', await packed(join(fixtures, '../../../examples/packer-hcl2')));
  assert.equal(reply.statusCode, 200, reply.body);
  assert.deepEqual(
    reply.json<{ machines: { name: string }[] }>().machines.map(({ name }) => name),
    ['tiny'],
  );
});

test('a context with a Packer template is planned with its files, and its notes point into template.json', async () => {
  await using shop = await judging();
  const archive = await archived('openbsd-autoinstall', shop.home, ({ builders, ...rest }) => {
    const [builder] = z.array(z.record(z.string(), z.unknown())).parse(builders);
    const { ssh_password: _password, ...others } = builder ?? {};
    return { ...rest, builders: [others] };
  });
  const reply = await shop.ask({
    method: 'POST',
    url: '/builds?validate=true',
    headers: { ...shop.auth, ...tar },
    payload: archive,
  });
  assert.equal(reply.statusCode, 200, reply.body);
  const { notes } = reply.json<{ notes: { pointer: string }[] }>();
  assert.ok(
    notes.every(({ pointer }) => pointer.startsWith('template.json:/')),
    JSON.stringify(notes),
  );
  const imported = await shop.ask({
    method: 'POST',
    url: '/templates/import?as=imaged',
    headers: { ...shop.auth, ...tar },
    payload: archive,
  });
  assert.equal(imported.statusCode, 200, imported.body);
  const { machines } = imported.json<{ machines: { name: string; template: { http: object } }[] }>();
  assert.deepEqual(
    machines.map(({ name, template }) => [name, Object.keys(template.http)]),
    [['puffy-amd64', ['', 'puffy-install.conf']]],
  );
});

test('a translation can be asked for, for every builder, and can be posted as a template of its own', async () => {
  await using shop = await judging();
  const ask = (payload: object, query = '') =>
    shop.ask({ method: 'POST', url: `/templates/import${query}`, headers: shop.auth, payload });
  const reply = await ask(
    { variables: { m: null }, builders: [vmm, { ...vmm, name: 'b', disk_format: '{{user `m`}}' }] },
    '?variable=m=qcow2',
  );
  assert.equal(reply.statusCode, 200, reply.body);
  const { machines } = reply.json<{ machines: { name: string; template: object }[] }>();
  assert.deepEqual(
    machines.map(({ name }) => name),
    ['openbsd-vmm', 'b'],
  );
  for (const { template } of machines) assert.equal((await submit(shop, template, '', { m: 'x' })).statusCode, 201);
  assert.equal((await ask({ builders: [] })).statusCode, 422);
  assert.equal((await ask({ builders: [vmm] }, '?as=hcl2')).statusCode, 400);
  assert.equal((await ask({ builders: [{ ...vmm, disk_size: 'x' }] })).statusCode, 422);
});
