import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { example } from '../fixtures/debian.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { isVmd } from '../fixtures/hypervisor.ts';
import { guest, startImaged, type Imaged } from '../fixtures/imaged.ts';
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
  const body = 'echo typed by hand >/note\r';
  const typed = { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body };
  assert.equal((await imaged.call(`/builds/${id}/console`, typed)).status, 204);
  assert.equal((await resume()).status, 204);
  await succeeded(imaged, id);
  const types = (await eventsOf(imaged, id)).map(({ type }) => type);
  assert.ok(types.includes('machine.rebooted'));
  assert.equal(types.filter((type) => type === 'build.resumed').length, 1);
  const log = await textOf(imaged, id, 'log');
  assert.match(log, /note: .*\/provisioners\/1\/type: is Packer's name for "reboot"/);
  assert.match(log, /paused at look: see imaged-\d+; POST/);
});

test('a breakpoint that nobody resumes fails its build when its time is over', async () => {
  const { id } = await imaged.post(await bySsh([{ type: 'breakpoint', name: 'look', timeout: '2s' }]));
  const { status, fault } = await imaged.ended(id);
  assert.deepEqual([status, fault?.code, fault?.step], ['failed', 'step_timeout', 'look']);
  assert.match(fault?.message ?? '', /it was at a breakpoint, and no client resumed it/);
});

const twoFiles = { skip: isVmd && 'its kernel and ramdisk are two files, which vmd does not take' };

test('examples/tiny-ansible is built: by a file, a script and a playbook that the host runs', twoFiles, async () => {
  const { id } = await postContext(imaged, await tarOf(example('tiny-ansible')), 'application/x-tar');
  await succeeded(imaged, id);
  const log = await textOf(imaged, id, 'log');
  assert.match(log, /"Welcome to tiny\."/);
  assert.match(log, /"built by imaged"/);
});
