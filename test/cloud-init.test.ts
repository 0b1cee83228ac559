import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { Fault } from '../src/base/fault.ts';
import { runProgram } from '../src/base/program.ts';
import { cdOf } from '../src/image/medium/cd.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { render } from '../src/template/language/render.ts';
import { shapeOf } from '../src/template/resolve/demand.ts';
import { resolve } from '../src/template/resolve/resolve.ts';
import type { RuntimeFacts, Spec } from '../src/template/spec.ts';
import { refuseForVmd } from '../src/vmm/vmd/refuse.ts';
import { traitsOf } from '../src/vmm/vmd/releases.ts';

const top = fileURLToPath(new URL('../../', import.meta.url));
const cloudInit = join(top, '.cache/cloud-init');

const on = () => AbortSignal.timeout(30_000);

const facts: RuntimeFacts = {
  http_url: 'http://10.0.2.2',
  http_ip: '10.0.2.2',
  http_port: '80',
  http_addr: '10.0.2.2:80',
  http_host: '10.0.2.2',
  host_ip: '10.0.2.2',
  guest_ip: '10.0.2.15',
  mac: '52:54:00:00:00:01',
  vm_name: 'imaged-0',
  ssh_public_key: 'ssh-ed25519 AAAA+/ imaged',
};

const resolved = (cloudInit: object, more: object = {}, machine: object = {}) =>
  resolve({
    template: parseTemplate({
      name: 'cloud.image',
      machine: { cdrom: 'media:cd', disks: [{ size: '1G' }], cloud_init: cloudInit, ...machine },
      communicator: { username: 'debian' },
      variables: { quote: { default: 'say "it"\n\\' } },
      ...more,
    }),
    variables: {},
    files: { media: { cd: import.meta.filename } },
    frozen: { buildId: '01J0000000000000000000000A', timestampMs: 0 },
    defaults: { timeoutMs: 3_600_000 },
  });

const fileOf = ({ cloudInit }: Spec, name: string): string => {
  const file = cloudInit?.files.find((one) => one.name === name);
  assert.ok(file !== undefined, name);
  return render(file.text, facts);
};

const errorsOf = async (asked: Promise<unknown>): Promise<Record<string, string>> => {
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return {};
  assert.ok(error instanceof Fault);
  return Object.fromEntries((error.facts.errors ?? []).map(({ pointer, message }) => [pointer, message]));
};

test('the image of a seed is what blkid finds by its label, with each file whole in sectors of its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'seed-'));
  const long = 'network: {}\n'.repeat(400);
  const files = ['user-data', 'network-config'].map((name) => ({ name, bytes: Buffer.from(name + long) }));
  const image = Buffer.from(cdOf('cidata', files, new Date(0)));
  await writeFile(join(folder, 'seed.iso'), image);
  const { stdout } = await runProgram('blkid', ['-p', '-o', 'export', join(folder, 'seed.iso')], { signal: on() });
  assert.match(stdout, /^LABEL=cidata$/m);
  assert.match(stdout, /^TYPE=iso9660$/m);
  assert.equal(image.length % 2048, 0);
  assert.equal(image.readUInt32LE(16 * 2048 + 80) * 2048, image.length, 'as large as it says it is');
  for (const { name, bytes } of files) assert.equal(image.indexOf(bytes) % 2048, 0, name);
  await rm(folder, { recursive: true });
  assert.throws(() => cdOf('cidata', [{ name: '../x', bytes: Buffer.alloc(0) }], new Date(0)), RangeError);
});

test('without user data, the key of the build is let in for the user of the communicator', async () => {
  const spec = await resolved({});
  const text = fileOf(spec, 'user-data');
  assert.match(text, /^#cloud-config\n/);
  const keys = { ssh_authorized_keys: [facts.ssh_public_key] };
  const user = { name: 'debian', sudo: 'ALL=(ALL) NOPASSWD:ALL', shell: '/bin/sh', ...keys };
  assert.deepEqual(parse(text), { users: ['default', user] });
  assert.deepEqual(parse(fileOf(spec, 'meta-data')), {
    'instance-id': 'imaged-01J0000000000000000000000A',
    'local-hostname': 'cloud',
  });
  const root = await resolved({}, { communicator: {} });
  assert.deepEqual(parse(fileOf(root, 'user-data')), { disable_root: false, users: ['default', { name: 'root', ...keys }] }); // prettier-ignore
});

/** What Debian's own cloud-init says of a file of user data; script/setup has unpacked it. */
const judged = (file: string) =>
  runProgram('python3', ['-m', 'cloudinit.cmd.main', 'schema', '--config-file', file], {
    signal: on(),
    accept: 'any',
    env: { PYTHONPATH: join(cloudInit, 'usr/lib/python3/dist-packages') },
  });

test("the user data of a seed is what Debian's cloud-init takes, imaged's own and that of the example", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'user-data-'));
  const file = join(folder, 'user-data');
  const example = z
    .object({ machine: z.object({ cloud_init: z.object({}).loose() }) })
    .parse(JSON.parse(await readFile(join(top, 'examples/cloud-image/template.json'), 'utf8')));
  for (const spec of [
    await resolved({}),
    await resolved({}, { communicator: {} }),
    await resolved(example.machine.cloud_init),
  ]) {
    await writeFile(file, fileOf(spec, 'user-data'));
    const { stdout, exitCode } = await judged(file);
    assert.equal(exitCode, 0, stdout);
    assert.match(stdout, /^Valid cloud-config/m);
  }
  await writeFile(file, fileOf(await resolved({ user_data: { users: 3 } }), 'user-data'));
  assert.notEqual((await judged(file)).exitCode, 0);
  await rm(folder, { recursive: true });
});

test('user data as an object is YAML whatever its values hold, and texts are rendered', async () => {
  const user_data = { runcmd: [['echo', '{{ quote }}', '{{ http_url }}/x']], deep: { on: true, n: 3, none: null }, 'a b': '' }; // prettier-ignore
  const spec = await resolved({ user_data, network_config: 'version: 2 # {{ mac }}\n' });
  assert.deepEqual(parse(fileOf(spec, 'user-data')), {
    runcmd: [['echo', 'say "it"\n\\', 'http://10.0.2.2/x']],
    deep: { on: true, n: 3, none: null },
    'a b': '',
  });
  assert.equal(fileOf(spec, 'network-config'), 'version: 2 # 52:54:00:00:00:01\n');
});

test('by smbios the endpoint serves what cloud-init asks for', async () => {
  const { http } = await resolved({ by: 'smbios', user_data: 'x' });
  assert.deepEqual(
    http.map(({ path, kind }) => `${kind} ${path}`),
    ['text cloud-init/user-data', 'text cloud-init/meta-data', 'text cloud-init/vendor-data'],
  );
  assert.match((await errorsOf(resolved({ by: 'smbios' }, { communicator: { type: 'none' } }, { nics: [] })))['/machine/cloud_init/by'] ?? '', /has no network/); // prettier-ignore
});

test('a key for which there is no communicator, and a file that is not there, are refused', async () => {
  const none = { communicator: { type: 'none' } };
  assert.match((await errorsOf(resolved({ user_data: '{{ ssh_public_key }}' }, none)))['/machine/cloud_init'] ?? '', /no "communicator"/); // prettier-ignore
  assert.match((await errorsOf(resolved({ user_data: { file: 'media:none/x' } })))['/machine/cloud_init/user_data/file'] ?? '', /no medium/); // prettier-ignore
});

test('vmd has one CD drive, no serial number to set, and no address before the machine runs', async () => {
  const parts = { noOutgoing: undefined, askMostCpus: async () => 1 };
  const refused = async (cloudInit: object, machine: object) => {
    const shape = shapeOf(await resolved(cloudInit, {}, { boot: { device: 'disk' }, ...machine }));
    return (await refuseForVmd(shape, traitsOf('current'), parts, on())).map(({ pointer }) => pointer);
  };
  const alone = { cdrom: undefined, boot: { device: 'net', kernel: 'media:cd' } };
  assert.deepEqual(await refused({}, alone), []);
  assert.deepEqual(await refused({}, {}), ['/machine/cloud_init']);
  assert.deepEqual(await refused({ by: 'smbios' }, alone), ['/machine/cloud_init/by']);
  assert.deepEqual(await refused({ user_data: '{{ http_url }}' }, alone), ['/machine/cloud_init']);
});
