import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { admittingShop } from './fixtures/admitting-shop.ts';

const Answer = z.object({
  variables: z.array(z.looseObject({ name: z.string() })),
  machines: z.array(z.string()),
  machines_by_values: z.boolean(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
});

const base = {
  name: 'base',
  machine: { memory: '128M', disks: [{ size: '1G' }], boot: { kernel: 'media:shop/boot.iso' } },
  variables: {
    release: { default: '7.9', choices: ['7.8', '7.9'], description: 'Which OpenBSD' },
    password: { sensitive: true, default: 'hunter2222' },
    token: { secret: 'site' },
  },
};

const web = {
  extends: 'base',
  name: 'web',
  variables: { cores: { type: 'number', required: true }, release: { default: '7.8' } },
};

const get = async (shop: Awaited<ReturnType<typeof admittingShop>>, url: string) => {
  const reply = await shop.ask({ url, headers: shop.auth });
  assert.equal(reply.statusCode, 200, reply.body);
  return Answer.parse(reply.json());
};

test('a stored template tells its variables with those of what it extends, and no sensitive default', async () => {
  await using shop = await admittingShop();
  for (const payload of [base, web]) {
    const put = await shop.ask({ method: 'PUT', url: `/templates/${payload.name}`, headers: shop.auth, payload });
    assert.equal(put.statusCode, 201, put.body);
  }
  const { variables, machines } = await get(shop, '/templates/web/variables');
  assert.deepEqual(machines, ['web']);
  const release = { name: 'release', type: 'string', required: false, sensitive: false, default: '7.8' };
  assert.deepEqual(variables, [
    { ...release, description: 'Which OpenBSD', choices: ['7.8', '7.9'] },
    { name: 'password', type: 'string', required: false, sensitive: true },
    { name: 'token', type: 'string', required: false, sensitive: true, secret: 'site' },
    { name: 'cores', type: 'number', required: true, sensitive: false },
  ]);
  assert.deepEqual(await get(shop, '/templates/web/versions/1/variables'), {
    ...{ variables, machines, machines_by_values: false },
  });
  const none = await shop.ask({ url: '/templates/web/versions/2/variables', headers: shop.auth });
  assert.equal(none.statusCode, 404);
});

test('a template that is sent tells them too: as JSON, with its machines, and what is wrong with its place', async () => {
  await using shop = await admittingShop();
  const send = (payload: object) =>
    shop.ask({ method: 'POST', url: '/templates/variables', headers: shop.auth, payload });
  const several = { ...base, machines: { one: {}, two: { variables: { release: { default: '7.9' } } } } };
  const told = Answer.parse((await send(several)).json());
  assert.deepEqual(told.machines, ['one', 'two']);
  assert.deepEqual(
    told.variables.map(({ name }) => name),
    ['release', 'password', 'token'],
  );
  const wrong = await send({ ...base, variables: { x: { type: 'number' } } });
  assert.equal(wrong.statusCode, 422);
  const { errors } = wrong.json<{ errors: { pointer: string }[] }>();
  assert.ok(errors.some(({ pointer }) => pointer === '/variables/x/type'));
});

const packed = async (folder: string) =>
  (await promisify(execFile)('tar', ['-C', folder, '-cf', '-', '.'], { encoding: 'buffer' })).stdout;

const sendFolder = async (shop: Awaited<ReturnType<typeof admittingShop>>, folder: string, query = '') => {
  const reply = await shop.ask({
    ...{ method: 'POST', url: `/templates/variables${query}`, payload: await packed(folder) },
    headers: { ...shop.auth, 'content-type': 'application/x-tar' },
  });
  assert.equal(reply.statusCode, 200, reply.body);
  return Answer.parse(reply.json());
};

test('a template of Packer in HCL2 tells them without values for those that need one', async () => {
  await using shop = await admittingShop();
  const folder = fileURLToPath(new URL('../../examples/packer-hcl2', import.meta.url));
  const { variables } = await sendFolder(shop, folder);
  const disks = variables.find(({ name }) => name === 'more_disks');
  assert.ok(disks !== undefined && disks['type'] === 'list', JSON.stringify(variables));
});

const fleet = `
variable "zones" {
  type = list(string)
}
variable "suffix" {
  type    = string
  default = "lab"
}
source "qemu" "host" {}
source "qemu" "odd" {
  nothing_of_qemu = true
}
build {
  dynamic "source" {
    for_each = var.zones
    labels   = ["source.qemu.host"]
    content {
      name = "\${source.value}-\${var.suffix}"
    }
  }
  sources = ["source.qemu.odd"]
}
`;

test('a template in HCL2 tells the machines that it has with the values that are sent, and why it has none without', async (context) => {
  await using shop = await admittingShop();
  const folder = await mkdtemp(join(tmpdir(), 'fleet-'));
  context.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'fleet.pkr.hcl'), fleet);
  const without = await sendFolder(shop, folder);
  assert.deepEqual([without.machines, without.machines_by_values], [[], true]);
  const [missing] = without.errors ?? [];
  assert.match(
    `${missing?.pointer} ${missing?.message}`,
    /^query:\/variable\/zones has no value, and no default at fleet\.pkr\.hcl:2:1/,
  );
  // One of them cannot be built: it is no hindrance to those who build the others.
  const told = await sendFolder(shop, folder, '?variable=zones=["east","west"]');
  assert.deepEqual(told.machines, ['odd', 'east-lab', 'west-lab']);
  assert.equal(told.errors, undefined);
  await writeFile(join(folder, 'variables.json'), JSON.stringify({ zones: ['north'], suffix: 'live' }));
  assert.deepEqual((await sendFolder(shop, folder)).machines, ['odd', 'north-live']);
  await writeFile(join(folder, 'variables.json'), JSON.stringify({ zones: '[', suffix: 'live' }));
  const wrong = await sendFolder(shop, folder);
  assert.deepEqual([wrong.machines, wrong.errors?.map(({ pointer }) => pointer)], [[], ['variables.json:/zones']]);
});

test('a template of Packer in JSON tells its machines by the names that the values give them', async () => {
  await using shop = await admittingShop();
  const media = { iso_url: 'media:shop/boot.iso', iso_checksum: 'none' };
  const builder = { type: 'qemu', name: '{{user `name`}}-1', communicator: 'none', ...media };
  const payload = { variables: { name: 'lab' }, builders: [builder] };
  const reply = await shop.ask({ method: 'POST', url: '/templates/variables?variable=name=live', headers: shop.auth, payload }); // prettier-ignore
  assert.equal(reply.statusCode, 200, reply.body);
  const { machines, machines_by_values: isByValues } = Answer.parse(reply.json());
  assert.deepEqual([machines, isByValues], [['live-1'], true]);
});

test('the queue tells in its order why each build waits', async () => {
  await using shop = await admittingShop();
  const template = { ...base, variables: {} };
  const send = async (priority: number) => {
    const reply = await shop.ask({
      method: 'POST',
      url: '/builds',
      headers: shop.auth,
      payload: { template, priority },
    });
    return reply.json<{ id: string }>().id;
  };
  const [low, high] = [await send(0), await send(5)];
  const reply = await shop.ask({ url: '/queue', headers: shop.auth });
  assert.equal(reply.statusCode, 200, reply.body);
  const { queued, items } = reply.json<{ queued: number; items: { id: string; waiting: { message: string } }[] }>();
  assert.equal(queued, 2);
  assert.deepEqual(
    items.map(({ id, waiting }) => [id, waiting.message]),
    [high, low].map((id) => [id, 'All workers are busy.']),
  );
});
