import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { example } from '../fixtures/debian.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { isVmd } from '../fixtures/hypervisor.ts';
import { BuildView, guest, startImaged, type Imaged } from '../fixtures/imaged.ts';
import { longOnly } from '../fixtures/long.ts';
import {
  eventOf,
  installedMachine,
  letIn,
  postContext,
  succeeded,
  tarOf,
  textOf,
  unpackRamdisk,
} from '../fixtures/tiny-builds.ts';

const Plan = z.object({ plan: z.array(z.object({ name: z.string() })) });

let imaged: Imaged;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioners-'));
  await unpackRamdisk(folder);
  const tables = '[provisioners]\nansible = true\n[hypervisor.qemu]\naccelerator = "tcg"';
  imaged = await startImaged({ tables, media: { tiny: guest, own: folder } });
});

after(async () => {
  await imaged[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const bySsh = async (provisioners: readonly object[]) => ({
  template: {
    name: 'by-ssh',
    machine: await installedMachine(folder),
    install: { console: letIn, ends: 'never' },
    communicator: { type: 'ssh', username: 'root', timeout: '2m' },
    provisioners,
    shutdown: { command: 'halt -p', timeout: '1m' },
    artifacts: [],
  },
});

test('a build goes on in another boot after a reboot, and after a breakpoint when a client says so', async () => {
  const { id } = await imaged.post(
    await bySsh([
      { type: 'shell', inline: 'cp /proc/sys/kernel/random/boot_id /boot-before; sync' },
      { type: 'windows-restart', restart_check_command: '! cmp -s /boot-before /proc/sys/kernel/random/boot_id' },
      { type: 'breakpoint', name: 'disabled', disable: true },
      { type: 'breakpoint', name: 'look', note: 'see {{ vm_name }}' },
      { type: 'shell', inline: 'echo the note is $(cat /note)' },
    ]),
  );
  const resume = () => imaged.call(`/builds/${id}/resume`, { method: 'POST' });
  assert.equal((await resume()).status, 409);
  const { data } = await eventOf(imaged, id, ({ type }) => type === 'build.paused');
  assert.deepEqual([data['name'], String(data['note']).replace(/\d+/, 'N')], ['look', 'see imaged-N']);
  assert.match(String(data['ssh']), /^ssh .*root@/);
  const { paused = [] } = BuildView.parse(await (await imaged.call(`/builds/${id}`)).json());
  assert.deepEqual(paused, [{ ...data, until: new Date(Number(data['until'])).toISOString() }]);
  const body = 'echo typed by hand >/note\r';
  const typed = { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body };
  assert.equal((await imaged.call(`/builds/${id}/console`, typed)).status, 204);
  assert.equal((await resume()).status, 204);
  assert.ok(!('paused' in (await succeeded(imaged, id))));
  const types = (await eventsOf(imaged, id)).map(({ type }) => type);
  assert.ok(types.includes('machine.rebooted'));
  assert.equal(types.filter((type) => type === 'build.resumed').length, 1);
  const log = await textOf(imaged, id, 'log');
  assert.match(log, /note: .*\/provisioners\/1\/type: is Packer's name for "reboot"/);
  assert.match(log, /paused at look: see imaged-\d+; POST/);
});

test('a breakpoint that nobody resumes fails its build when its time is over', longOnly, async () => {
  const { id } = await imaged.post(await bySsh([{ type: 'breakpoint', name: 'look', timeout: '2s' }]));
  const { status, fault } = await imaged.ended(id);
  assert.deepEqual([status, fault?.code, fault?.step], ['failed', 'step_timeout', 'look']);
  assert.match(fault?.message ?? '', /it was at a breakpoint, and no client resumed it/);
});

const failing = async () => ({
  ...(await bySsh([{ type: 'shell', inline: 'false' }])).template,
  error_cleanup_provisioner: { type: 'shell', inline: 'echo cleaned up' },
});

test(
  'run-cleanup-provisioner cleans up and then holds the machine; hold holds it as it was, and cleans up at its end',
  longOnly,
  async () => {
    const failed = async (on_error: string) => {
      const { id } = await imaged.post({ template: await failing(), on_error });
      const build = await imaged.until(id, ({ status }) => status !== 'queued' && status !== 'running');
      assert.equal(build.status, 'held', JSON.stringify(build.fault));
      return id;
    };
    const log = (id: string) => textOf(imaged, id, 'log');
    const [first, held] = await Promise.all([failed('run-cleanup-provisioner'), failed('hold')]);
    assert.match(await log(first), /cleaned up\n(.*\n)*.*held for/);
    assert.doesNotMatch(await log(held), /cleaned up/);
    for (const id of [first, held]) {
      assert.equal((await imaged.call(`/builds/${id}/hold`, { method: 'DELETE' })).status, 204);
      const { status, fault } = await imaged.ended(id);
      assert.deepEqual([status, fault?.code], ['failed', 'provisioner_failed']);
    }
    assert.match(await log(held), /the hold is over\n(.*\n)*.*cleaned up/);
    assert.equal((await log(first)).match(/cleaned up/g)?.length, 1);
  },
);

test('a build with debug waits before each of its steps, with its machine within reach', longOnly, async () => {
  const { template } = await bySsh([{ type: 'shell', name: 'look', inline: 'cat /note' }]);
  const { id, debug } = z
    .looseObject({ id: z.string(), debug: z.boolean() })
    .parse(await imaged.post({ template, debug: true }));
  assert.equal(debug, true);
  const paused: string[] = [];
  const pausedAt = (data: Readonly<Record<string, unknown>>) => String(data['name']);
  const input = Plan.parse(await (await imaged.call(`/builds/${id}/input`)).json());
  const names = input.plan.map(({ name }) => `before-${name}`).slice(1);
  for (const name of names) {
    const { data } = await eventOf(imaged, id, ({ type, data }) => type === 'build.paused' && pausedAt(data) === name);
    paused.push(pausedAt(data));
    if (name === 'before-look') {
      assert.match(String(data['ssh']), /^ssh .*root@/);
      const body = 'echo typed by hand >/note\r';
      const typed = { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body };
      assert.equal((await imaged.call(`/builds/${id}/console`, typed)).status, 204);
    }
    assert.equal((await imaged.call(`/builds/${id}/resume`, { method: 'POST' })).status, 204);
  }
  await succeeded(imaged, id);
  assert.deepEqual(paused, names);
});

const twoFiles = isVmd ? { skip: 'its kernel and ramdisk are two files, which vmd does not take' } : longOnly;

test('examples/tiny-ansible is built: by a file, a script and a playbook that the host runs', twoFiles, async () => {
  const { id } = await postContext(imaged, await tarOf(example('tiny-ansible')), 'application/x-tar');
  await succeeded(imaged, id);
  const log = await textOf(imaged, id, 'log');
  assert.match(log, /"Welcome to tiny\."/);
  assert.match(log, /"built by imaged"/);
});
