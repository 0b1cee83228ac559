import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanupStack } from '../../src/base/cleanup.ts';
import { awaitEvent } from '../fixtures/follow-events.ts';
import type { Event } from '../fixtures/published-event.ts';
import { isVmd } from '../fixtures/hypervisor.ts';
import { startImaged } from '../fixtures/imaged.ts';
import {
  artifactFiles,
  machinesOf,
  proveNothingLeft,
  provePublished,
  proveSound,
  workersOf,
} from '../fixtures/left-behind.ts';
import { hangingQemu } from '../fixtures/hanging-qemu.ts';
import { cycle, cycleMachine } from '../fixtures/quick-templates.ts';
import { stubbornDisks } from '../fixtures/stubborn-disks.ts';

const settings = 'workers = 1';
const tables = '[hypervisor.qemu]\naccelerator = "tcg"';

const begins =
  (step: string) =>
  ({ type, data }: Event) =>
    type === 'step.started' && data['name'] === step;

for (const [subcommand, step] of [
  ['create', 'create-disks'],
  ['convert', 'export-cycle.qcow2'],
] as const)
  test(`a ${subcommand} of a disk that outlives the daemon is ended before its workspace is used again`, async (t) => {
    await using stubborn = await stubbornDisks();
    await using imaged = await startImaged({ settings, tables: `${tables}\n${stubborn.setting}` });
    let id: string;
    {
      // Before there is a build that could have passed it.
      await using hanging = await stubborn.hang(subcommand);
      void hanging;
      // A raw disk that is published as qcow2: a program converts it.
      ({ id } = await imaged.post({ template: await cycle({ artifacts: [{ format: 'qcow2' }] }) }));
      assert.ok(await awaitEvent(imaged, id, begins(step)));
      let [worker] = await workersOf(imaged);
      for (; !worker?.command.includes(stubborn.commandOf(subcommand)); [worker] = await workersOf(imaged))
        t.signal.throwIfAborted();
      const { pid } = worker;
      await imaged.kill('SIGKILL');
      assert.ok((await workersOf(imaged)).some((worker) => worker.pid === pid));
      await imaged.start();
      assert.ok(!(await workersOf(imaged)).some((worker) => worker.pid === pid));
    }
    assert.equal((await imaged.ended(id)).status, 'succeeded');
    assert.equal((await provePublished(imaged, id)).length, 1);
    await proveNothingLeft(imaged);
    await proveSound(imaged);
  });

test('what a build had begun to publish when the daemon died goes before it is run again', async (t) => {
  await using imaged = await startImaged({ settings, tables });
  const { disks, ...machine } = await cycleMachine('1M');
  // The second disk takes seconds to hash, in which the first is published already.
  const template = await cycle({
    machine: { ...machine, disks: [...disks, { size: '16G', format: 'qcow2' }] },
    artifacts: [
      { name: 'small.raw', format: 'raw' },
      { name: 'large.raw', format: 'raw', disk: 1 },
    ],
  });
  const { id } = await imaged.post({ template });
  assert.ok(await awaitEvent(imaged, id, begins('publish')));
  while (!(await artifactFiles(imaged, id)).includes('small.raw')) t.signal.throwIfAborted();
  await imaged.kill('SIGKILL');
  await imaged.start();
  assert.deepEqual(await artifactFiles(imaged, id), []);
  await imaged.until(id, ({ attempt }) => attempt === 2);
  await imaged.call(`/builds/${id}/cancel`, { method: 'POST' });
  const build = await imaged.ended(id);
  assert.deepEqual([build.status, build.attempt], ['cancelled', 2]);
  assert.deepEqual(await artifactFiles(imaged, id), []);
  await proveNothingLeft(imaged);
  await proveSound(imaged);
});

test('a daemon that dies while it probes an accelerator leaves nothing: neither the guest that hangs nor its folder', async (t) => {
  if (isVmd) return t.skip('vmd has no accelerators to try');
  await using cleanup = cleanupStack();
  const place = await mkdtemp(join(tmpdir(), 'imaged-hanging-'));
  cleanup.defer(() => rm(place, { recursive: true }));
  const binary = await hangingQemu(place);
  await using imaged = await startImaged({ settings, tables: `[hypervisor.qemu]\nbinary = "${binary}"` });
  const probes = async () => (await machinesOf(imaged)).filter(({ command }) => command.includes(' -name probe-'));
  const folders = async () => (await readdir(join(imaged.dataDir, 'run'))).filter((name) => name.startsWith('probe-'));
  let [hanging] = await probes();
  for (; hanging === undefined; [hanging] = await probes()) t.signal.throwIfAborted();
  const [folder] = await folders();
  await imaged.kill('SIGKILL');
  assert.ok((await probes()).some(({ pid }) => pid === hanging.pid));
  assert.deepEqual(await folders(), [folder]);
  await imaged.start();
  // It probes again by now, in a folder of its own.
  assert.ok(!(await probes()).some(({ pid }) => pid === hanging.pid));
  assert.ok(!(await folders()).includes(folder ?? ''));
  await imaged.kill('SIGTERM');
  await proveNothingLeft(imaged);
});
