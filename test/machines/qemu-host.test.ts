import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { z } from 'zod';
import { untilTrue } from '../fixtures/until-true.ts';
import { cleanupStack } from '../../src/base/cleanup.ts';
import { sectorBoot } from '../fixtures/hypervisor.ts';
import { BuildView, guest, startImaged } from '../fixtures/imaged.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { eventOf, installerMachine, textOf } from '../fixtures/tiny-builds.ts';
import { say, writeGuest } from '../fixtures/tiny-guest.ts';
import { longOnly } from '../fixtures/long.ts';

const run = promisify(execFile);

/** A folder that goes with the test. */
const temporaryFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'host-'));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
};

const tcg = '[hypervisor.qemu]\naccelerator = "tcg"';

/** A machine that boots at once, says a word and then stands still. */
const standing = { memory: '32M', ...sectorBoot('media:own/boot.img') };
const waitingFor = (hear: string) => ({ console: [{ hear, within: '2m' }] });

const Problem = z.object({
  code: z.string(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
});

test(
  'a host without QEMU is not ready and says so; its builds wait for it, and lose no attempt',
  longOnly,
  async () => {
    await using imaged = await startImaged({
      settings: 'attempts = 1',
      tables: `${tcg}\nbinary = "/nowhere/qemu-system-x86_64"`,
    });
    const ready = await imaged.call('/readyz');
    assert.equal(ready.status, 503);
    assert.match(await ready.text(), /\/nowhere\/qemu-system-x86_64 was not found/);

    const { id } = await imaged.post({ template: { name: 'none', machine: await installerMachine() } });
    const Waiting = z.object({ status: z.string(), attempts_left: z.int(), waiting: z.object({ for: z.string(), message: z.string() }) }); // prettier-ignore
    const look = async () => Waiting.parse(await (await imaged.call(`/builds/${id}`)).json());
    await untilTrue(async () => (await look()).waiting.for === 'hypervisor');
    const { status, attempts_left, waiting } = await look();
    assert.deepEqual([status, attempts_left], ['queued', 1]);
    assert.match(waiting.message, /Install it, or say where it is/);
    await imaged.call(`/builds/${id}/cancel`, { method: 'POST' });
    assert.equal((await imaged.ended(id)).status, 'cancelled');
  },
);

/** A QEMU that answers every question and fails when it is to start a machine. */
const failingQemu = async (folder: string): Promise<string> => {
  const file = join(folder, 'qemu');
  const lines = ['case " $* " in *" -name "*) echo "out of luck" >&2; exit 7 ;; esac', 'exec qemu-system-x86_64 "$@"'];
  await writeFile(file, `#!/bin/sh\n${lines.join('\n')}\n`);
  await chmod(file, 0o755);
  // Who QEMU runs as comes by there.
  await chmod(folder, 0o755);
  return file;
};

test('a QEMU that dies at its start ends the build with its words and exit code, after every attempt', async () => {
  await using shop = await temporaryFolder();
  await using imaged = await startImaged({
    settings: 'attempts = 2',
    tables: `${tcg}\nbinary = ${JSON.stringify(await failingQemu(shop.folder))}`,
  });
  const { id } = await imaged.post({ template: { name: 'dies', machine: await installerMachine() } });
  const build = await imaged.ended(id);
  const { status, attempt, fault } = build;
  assert.deepEqual([status, attempt, fault?.code, fault?.class], ['failed', 2, 'hypervisor_failed', 'infra']);
  assert.equal(fault?.step, 'start-installer');
  assert.match(fault?.message ?? '', /exit code 7\): out of luck/);
  assert.deepEqual(await readdir(join(imaged.dataDir, 'run')), []);
});

test('a machine that QEMU refuses to make ends the build with what QEMU said', async () => {
  await using imaged = await startImaged({ settings: 'attempts = 1', tables: tcg });
  const { id } = await imaged.post({
    template: { name: 'refused', machine: await installerMachine(), qemu: { cpu_model: 'host' } },
  });
  const { fault } = await imaged.ended(id);
  assert.deepEqual([fault?.code, fault?.class, fault?.step], ['hypervisor_failed', 'infra', 'start-installer']);
  assert.match(fault?.message ?? '', /CPU model 'host' requires/);
});

test('a QEMU that is killed under a build has crashed while something was awaited', async () => {
  await using shop = await temporaryFolder();
  await writeGuest(join(shop.folder, 'boot.img'), [say('standing\r\n')], 1440);
  await using imaged = await startImaged({
    settings: 'attempts = 1',
    tables: tcg,
    media: { own: shop.folder },
  });
  const install = {
    console: [
      { hear: 'standing', within: '1m' },
      { hear: 'never', within: '2m' },
    ],
  };
  const { id } = await imaged.post({ template: { name: 'killed', machine: standing, install } });
  await eventOf(imaged, id, ({ type }) => type === 'console.heard');
  const { data } = await eventOf(imaged, id, ({ type }) => type === 'machine.started');
  assert.equal(data['program'], 'qemu-system-x86_64');
  process.kill(z.number().parse(data['pid']), 'SIGKILL');
  const { fault } = await imaged.ended(id);
  assert.deepEqual([fault?.code, fault?.class, fault?.step], ['machine_crashed', 'infra', 'install']);
  assert.deepEqual([fault?.expected, fault?.saw], ['never', 'QEMU was ended by SIGKILL']);
});

const mb = 2 ** 20;

const large = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`v${at}`, { default: 'x'.repeat(60_000) }]));

const needsMount = { skip: process.getuid?.() === 0 ? false : 'needs root: a small file system is mounted' };

/** A file system of its own, mounted on a folder, that is soon full. */
const smallDisk = async (folder: string, sizeMb: number) => {
  await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', folder]);
  const filler = join(folder, 'filler');
  return {
    folder,
    /** Leaves so many bytes free. */
    fill: async (leaveBytes: number) => {
      const { bavail, bsize } = await statfs(folder);
      await run('fallocate', ['-l', String(bavail * bsize - leaveBytes), filler]);
    },
    empty: () => rm(filler),
    [Symbol.asyncDispose]: async () => {
      await run('umount', [folder]);
    },
  };
};

// The guest writes when the host's disk has been filled, and not before.
const writesWhenTold = [
  { hear: String.raw`\(S\)hell\? $`, within: '2m', say: 's' },
  ...['. /lib/http.sh', 'until [ -e /tmp/loaded ]; do sleep 1; done', 'udhcpc -q -n -i vio0 -s /lib/dhcp >/dev/null'],
].map((turn) => (typeof turn === 'string' ? { hear: '# $', within: '2m', say: turn } : turn));

test(
  'a guest that writes more than its workspace takes ends the build as storage_full, and the machine goes',
  { ...longOnly, ...needsMount },
  async () => {
    await using cleanup = cleanupStack();
    const { folder: data } = cleanup.keep(await temporaryFolder());
    await mkdir(join(data, 'work'));
    cleanup.keep(await smallDisk(join(data, 'work'), 16));
    const imaged = cleanup.keep(await startImaged({ dataDir: data, settings: 'attempts = 1', tables: tcg }));
    const { id } = await imaged.post({
      template: {
        name: 'full',
        machine: await installerMachine(),
        install: {
          console: [
            { hear: String.raw`\(S\)hell\? $`, within: '2m', say: 's' },
            { hear: '# $', say: 'until [ -b /dev/vda ]; do sleep 1; done; dd if=/dev/urandom of=/dev/vda bs=1M' },
            { hear: 'records out', within: '5m' },
          ],
        },
      },
    });
    const { status, fault } = await imaged.ended(id);
    assert.deepEqual([status, fault?.code, fault?.class, fault?.step], ['failed', 'storage_full', 'infra', 'install']);
    assert.deepEqual(
      [fault?.expected, fault?.saw],
      ['records out', 'the disk of the host is full: QEMU could not write to disk0'],
    );
    const ended = (await eventsOf(imaged, id)).filter(({ type }) => type === 'machine.ended');
    assert.deepEqual(
      ended.map(({ data }) => data['how']),
      ['full'],
    );
    assert.deepEqual(await readdir(join(data, 'work')), []);
  },
);

test(
  'a guest that writes more than the host has room for ends as storage_full, and a full store loses nothing',
  needsMount,
  async () => {
    await using cleanup = cleanupStack();
    const { folder: media } = cleanup.keep(await temporaryFolder());
    const { folder: mountPoint } = cleanup.keep(await temporaryFolder());
    const gate = join(media, 'gate');
    await writeFile(gate, 'wait\n');
    const disk = cleanup.keep(await smallDisk(mountPoint, 150));
    const imaged = cleanup.keep(
      await startImaged({
        dataDir: join(disk.folder, 'data'),
        settings: 'attempts = 1',
        tables: `${tcg}\n[capacity]\ndisk_reserve = "1M"\n[limits]\nlog = "1M"\nconsole = "1M"\nevents = 100\nrequests = 100`,
        media: { tiny: guest, own: media },
      }),
    );
    const template = {
      name: 'full',
      machine: await installerMachine(),
      http: { gate: { file: 'media:own/gate' } },
      install: {
        console: [
          ...writesWhenTold,
          { hear: '# $', say: 'until fetch {{ http_url }}/gate /tmp/gate && grep -q go /tmp/gate; do sleep 0.2; done' },
          { hear: '# $', within: '2m', say: 'dd if=/dev/urandom of=/dev/vda bs=1M; echo "written"' },
          { hear: '^written', within: '2m' },
        ],
      },
    };
    const { id } = await imaged.post({ template });
    await eventOf(imaged, id, ({ type }) => type === 'http.request');
    await disk.fill(8 * mb);
    await writeFile(gate, 'go\n');
    const { fault, status } = await imaged.ended(id);
    assert.deepEqual([status, fault?.code, fault?.class], ['failed', 'storage_full', 'infra'], fault?.message);
    assert.deepEqual(await readdir(join(imaged.dataDir, 'work')), []);
    const [lastEnd] = (await eventsOf(imaged, id)).filter(({ type }) => type === 'machine.ended');
    if (lastEnd !== undefined) assert.equal(lastEnd.data['how'], 'full');
    assert.match(await textOf(imaged, id, 'console'), /dd if=\/dev\/urandom/);

    // The build's own disk has gone, so the rest can be filled to the last byte now.
    await disk.empty();
    await disk.fill(0);
    const refused = await imaged.call('/builds', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      // More than what is left of the store's write-ahead log can take.
      body: JSON.stringify({ template: { ...template, variables: large } }),
    });
    assert.equal(refused.status, 507);
    assert.equal(Problem.parse(await refused.json()).code, 'storage_full');
    assert.equal((await imaged.call('/readyz')).status, 503);
    assert.equal((await imaged.call(`/builds/${id}`)).status, 200);
    const { items } = z.object({ items: z.array(BuildView) }).parse(await (await imaged.call('/builds')).json());
    assert.deepEqual(
      items.map((build) => build.id),
      [id],
    );

    await disk.empty();
    assert.equal((await imaged.call('/readyz')).status, 200);
    await writeGuest(join(media, 'boot.img'), [say('standing\r\n')], 1440);
    const again = await imaged.post({
      template: {
        name: 'again',
        machine: standing,
        install: { ...waitingFor('standing'), ends: 'never' },
        shutdown: { timeout: '1s' },
      },
    });
    assert.equal((await imaged.ended(again.id)).fault?.code, 'guest_still_running');
  },
);
