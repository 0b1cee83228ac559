import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { zstdDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { sectorBoot } from '../fixtures/hypervisor.ts';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { installedMachine, letIn, loggedIn, postContext, succeeded, tarOf, textOf, unpackRamdisk } from '../fixtures/tiny-builds.ts'; // prettier-ignore
import { powerOff, say, writeGuest } from '../fixtures/tiny-guest.ts';
import { guest } from '../fixtures/imaged.ts';
import { longOnly, underQemu } from '../fixtures/long.ts';

const run = promisify(execFile);

let imaged: Imaged;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provision-test-'));
  await unpackRamdisk(folder);
  await mkdir(join(folder, 'files/in'), { recursive: true });
  await writeFile(join(folder, 'files/in/run'), '#!/bin/sh\necho ran from the context\n', { mode: 0o755 });
  imaged = await startImaged({ tables: '[hypervisor.qemu]\naccelerator = "tcg"', media: { tiny: guest, own: folder } });
});

after(async () => {
  await imaged[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const download = async (id: string, name: string): Promise<string> => {
  const reply = await imaged.call(`/builds/${id}/artifacts/${name}`);
  assert.equal(reply.status, 200);
  const file = join(folder, `${id}-${name}`);
  await writeFile(file, Buffer.from(await reply.arrayBuffer()));
  return file;
};

const sumOf = async (id: string, name: string): Promise<string> => {
  const digest = createHash('sha256').update(await readFile(join(folder, `${id}-${name}`)));
  return `SHA256 (${name}) = ${digest.digest('hex')}\n`;
};

/** The installed system, let in by its serial line, so that nothing has to be installed before scripts run. */
const bySsh = async (provisioners: readonly object[], more: object = {}) => ({
  template: {
    name: 'by-ssh',
    machine: await installedMachine(folder),
    install: { console: letIn, ends: 'never' },
    communicator: { type: 'ssh', username: 'root', timeout: '2m' },
    provisioners: provisioners.map((one) => ({ type: 'shell', ...one })),
    shutdown: { command: 'halt -p', timeout: '1m' },
    ...more,
  },
});

test('scripts get their environment, may end with an allowed exit code, and may reboot the guest; files come in and out', async () => {
  const artifacts = [{ name: 'disk.qcow2' }, { file: 'motd' }];
  const post_processors = [
    { type: 'checksum', artifact: 'disk.qcow2' },
    { type: 'compress', artifact: 'motd' },
    { type: 'vagrant', artifact: 'disk.qcow2', providers: ['libvirt', 'virtualbox'], keep_input_artifact: true },
  ];
  const { id } = await imaged.post(
    await bySsh(
      [
        { type: 'file', content: '{{ vm_name }}\n', destination: '/etc/motd', mode: '0640' },
        { type: 'file', source: 'media:own/files', destination: '/srv/' },
        { name: 'look', inline: ['ls -l /etc/motd /srv/files/in/run', '/srv/files/in/run'] },
        { type: 'file', direction: 'download', source: '/etc/motd', destination: 'motd' },
        { name: 'env', env: { GREETING: "it's {{ build_name }}" }, inline: ['echo "[$GREETING] [$IMAGED_BUILD_ID]"', 'cat /proc/sys/kernel/random/boot_id >/boot-before'] }, // prettier-ignore
        { name: 'seven', valid_exit_codes: [0, 7], inline: 'exit 7' },
        { name: 'reboot', expect_disconnect: true, inline: ['sync', 'reboot'] },
        { name: 'after', inline: '! cmp -s /boot-before /proc/sys/kernel/random/boot_id && echo booted again' },
      ],
      { artifacts, post_processors },
    ),
  );
  await succeeded(imaged, id);
  const log = await textOf(imaged, id, 'log');
  assert.ok(log.includes(`  [it's by-ssh] [${id}]\n`), log);
  assert.match(log, /^\S+Z   booted again$/m);
  assert.match(log, /^\S+Z   -rw-r-----.* \/etc\/motd$/m);
  assert.match(log, /^\S+Z   ran from the context$/m);
  assert.match(zstdDecompressSync(await readFile(await download(id, 'motd.zst'))).toString(), /^imaged-\d+\n$/);
  await download(id, 'disk.qcow2');
  assert.equal(await readFile(await download(id, 'disk.qcow2.sha256'), 'utf8'), await sumOf(id, 'disk.qcow2'));
  const catalogue = await (await imaged.call('/vagrant/by-ssh')).text();
  for (const provider of ['libvirt', 'virtualbox'])
    assert.ok(catalogue.includes(`/vagrant/by-ssh/boxes/${id}/packer_by-ssh_${provider}_amd64.box`), catalogue);
  const rebooted = (await eventsOf(imaged, id)).filter(({ type }) => type === 'machine.rebooted');
  assert.equal(rebooted.length, 1, `${JSON.stringify(rebooted)}\n${log}`);
});

test(
  'a script that ends with another exit code fails the build with the code and its last lines',
  underQemu,
  async () => {
    const { id } = await imaged.post(
      await bySsh([{ name: 'broken', inline: ['echo before', 'echo the disk is on fire >&2', 'exit 3'] }]),
    );
    const { status, fault } = await imaged.ended(id);
    assert.equal(status, 'failed');
    assert.deepEqual(
      [fault?.code, fault?.class, fault?.step, fault?.expected, fault?.saw],
      ['provisioner_failed', 'guest', 'broken', 'exit code 0', 'exit code 3'],
    );
    const { facts } = z
      .looseObject({ facts: z.looseObject({ exit_code: z.number(), output: z.string() }) })
      .parse(fault);
    // Two streams come in two pipes: what is written at once to both comes in either order.
    assert.deepEqual([facts.exit_code, facts.output.split('\n').toSorted()], [3, ['before', 'the disk is on fire']]);
    assert.equal((await imaged.call(`/builds/${id}/result`)).status, 409);
    // A step that failed is observed as well, by its type: the name is the template's.
    const figures = await (await imaged.call('/metrics')).text();
    assert.match(figures, /^imaged_step_seconds_count\{step="shell",end="guest"\} 1$/m);
    assert.match(figures, /^imaged_step_seconds_count\{step="connect",end="succeeded"\} [1-9]/m);
    assert.match(figures, /^imaged_queue_wait_seconds_count [1-9]/m);
    assert.doesNotMatch(figures, /broken/);
  },
);

const ImageInfo = z.looseObject({ 'virtual-size': z.number(), 'backing-filename': z.string().optional() });

test('without any network: an overlay over a base image, a second disk, a talk on the console, a qcow2 and a raw artifact', async () => {
  const base = join(guest, 'installed.qcow2');
  const before = await readFile(base);
  const { id } = await imaged.post({
    template: {
      name: 'by-console',
      machine: {
        memory: '256M',
        disks: [
          { base: 'media:tiny/installed.qcow2', size: '300M' },
          { size: '8M', format: 'raw' },
        ],
        nics: [],
      },
      provisioners: [
        { type: 'console', console: loggedIn('echo hello from the console >/etc/motto', 'printf second >/dev/vdb; ls /sys/class/net; sync', 'echo synced') }, // prettier-ignore
      ],
      artifacts: [
        { name: 'first.qcow2', disk: 0 },
        { name: 'second.img', disk: 1, format: 'raw' },
      ],
    },
  });
  await succeeded(imaged, id);

  const first = await download(id, 'first.qcow2');
  await run('qemu-img', ['check', '-f', 'qcow2', first]);
  const info = ImageInfo.parse(JSON.parse((await run('qemu-img', ['info', '--output=json', first])).stdout));
  assert.deepEqual([info['virtual-size'], info['backing-filename']], [300 * 2 ** 20, undefined]);
  const raw = await readFile(await download(id, 'second.img'));
  assert.deepEqual([raw.length, raw.subarray(0, 7).toString()], [8 * 2 ** 20, 'second\0']);
  assert.deepEqual(await readFile(base), before, 'the base image was written to');

  const again = await imaged.post({
    template: {
      name: 'look',
      machine: { memory: '256M', disks: [{ base: `media:own/${id}-first.qcow2` }] },
      install: {
        console: [...loggedIn('cat /etc/motto'), { hear: '^hello from the console' }, { hear: '# $', say: 'halt -p' }],
        ends: 'halt',
      },
      artifacts: [],
    },
  });
  await succeeded(imaged, again.id);
  const said = (await eventsOf(imaged, again.id)).filter(({ type }) => type === 'console.said');
  assert.deepEqual(said.map(({ data }) => data['text']), ['root', '<secret>', 'cat /etc/motto', 'halt -p']); // prettier-ignore
});

// Under vmd they are the only witness of a halt.
const lastWords = 'The operating system has halted.\r\n';

const floppyTemplate = {
  name: 'floppy',
  variables: { word: { default: 'hello' } },
  machine: { memory: '32M', ...sectorBoot('boot.img') },
  install: { console: [{ hear: '^{{ word }} from the floppy', within: '1m' }], ends: 'halt' },
  artifacts: [{ name: '{{ word }}.img', format: 'raw' }],
};

test(
  'a stored template builds by its name and by its version, from the floppy of the context it came with',
  longOnly,
  async () => {
    const context = join(folder, 'floppy');
    const { id: first } = await (async () => {
      await run('mkdir', [context]);
      await writeGuest(join(context, 'boot.img'), [say(`hello from the floppy\r\n${lastWords}`), powerOff], 1440);
      await writeFile(join(context, 'template.json'), JSON.stringify(floppyTemplate));
      return postContext(imaged, await tarOf(context), 'application/x-tar');
    })();
    await succeeded(imaged, first);

    const put = async () => {
      const reply = await imaged.call('/templates/stored', {
        method: 'PUT',
        headers: { 'content-type': 'application/x-tar' },
        body: new Uint8Array(await tarOf(context)),
      });
      return { status: reply.status, ...z.object({ version: z.number() }).parse(await reply.json()) };
    };
    assert.deepEqual(await put(), { status: 201, version: 1 });
    assert.deepEqual(await put(), { status: 200, version: 1 });
    await writeFile(join(context, 'template.json'), JSON.stringify({ ...floppyTemplate, variables: { word: { default: 'bye' } } })); // prettier-ignore
    await writeGuest(join(context, 'boot.img'), [say(`bye from the floppy\r\n${lastWords}`), powerOff], 1440);
    assert.deepEqual(await put(), { status: 201, version: 2 });

    const newest = await imaged.post({ template: 'stored' });
    const oldest = await imaged.post({ template: 'stored@1' });
    await succeeded(imaged, newest.id);
    await succeeded(imaged, oldest.id);
    assert.match(await textOf(imaged, newest.id, 'console'), /^bye from the floppy/m);
    assert.match(await textOf(imaged, oldest.id, 'console'), /^hello from the floppy/m);
    assert.equal((await imaged.call(`/builds/${oldest.id}/artifacts/hello.img`)).status, 200);
  },
);

test('validate=true prints the plan and stores nothing', async () => {
  const count = async () => z.object({ items: z.array(z.unknown()) }).parse(await (await imaged.call('/builds')).json()).items.length; // prettier-ignore
  const before = await count();
  const reply = await imaged.call('/builds?validate=true', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(await bySsh([{ name: 'one', inline: 'true' }])),
  });
  assert.equal(reply.status, 200);
  const { plan } = z.object({ plan: z.array(z.object({ name: z.string() })) }).parse(await reply.json());
  assert.deepEqual(
    plan.map(({ name }) => name),
    ['make-workspace', 'create-disks', 'make-key', 'start-installer', 'install', 'keep-machine', 'connect', 'one', 'seal', 'shut-down', 'export-by-ssh.qcow2', 'publish'], // prettier-ignore
  );
  assert.equal(await count(), before);
});
