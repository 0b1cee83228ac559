import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awaitEvent, type Event } from '../fixtures/follow-events.ts';
import { startImaged } from '../fixtures/imaged.ts';
import { artifactFiles, proveNothingLeft, provePublished, proveSound, workersOf } from '../fixtures/left-behind.ts';
import { cycle, cycleDigest, cycleMachine } from '../fixtures/quick-templates.ts';
import { stubbornDisks } from '../fixtures/stubborn-disks.ts';

const settings = 'workers = 1';
const tables = '[hypervisor]\naccelerator = "tcg"';

const begins =
  (step: string) =>
  ({ type, data }: Event) =>
    type === 'step.started' && data['name'] === step;

for (const [subcommand, step] of [
  ['create', 'create-disks'],
  ['convert', 'export-cycle.raw'],
] as const)
  test(`a ${subcommand} of a disk that outlives the daemon is ended before its workspace is used again`, async () => {
    await using stubborn = await stubbornDisks();
    await using imaged = await startImaged({ settings, tables: `${tables}\n${stubborn.setting}` });
    const { id } = await imaged.post({ template: await cycle() });
    {
      await using hanging = await stubborn.hang(subcommand);
      void hanging;
      assert.ok(await awaitEvent(imaged, id, begins(step)));
      let [worker] = await workersOf(imaged);
      while (!worker?.command.includes(stubborn.commandOf(subcommand))) [worker] = await workersOf(imaged);
      const { pid } = worker;
      await imaged.kill('SIGKILL');
      assert.ok((await workersOf(imaged)).some((worker) => worker.pid === pid));
      await imaged.start();
      assert.ok(!(await workersOf(imaged)).some((worker) => worker.pid === pid));
    }
    assert.equal((await imaged.ended(id)).status, 'succeeded');
    assert.deepEqual(await provePublished(imaged, id), [cycleDigest]);
    await proveNothingLeft(imaged);
    await proveSound(imaged);
  });

test('what a build had begun to publish when the daemon died goes before it is run again', async () => {
  await using imaged = await startImaged({ settings, tables });
  const { disks, ...machine } = await cycleMachine('1M');
  // The second disk takes seconds to hash, in which the first is published already.
  const template = await cycle({
    machine: { ...machine, disks: [...disks, { size: '16G', format: 'raw' }] },
    artifacts: [
      { name: 'small.raw', format: 'raw' },
      { name: 'large.raw', format: 'raw', disk: 1 },
    ],
  });
  const { id } = await imaged.post({ template });
  assert.ok(await awaitEvent(imaged, id, begins('publish')));
  while (!(await artifactFiles(imaged, id)).includes('small.raw'));
  await imaged.kill('SIGKILL');
  await imaged.start();
  assert.deepEqual(await artifactFiles(imaged, id), []);
  await imaged.call(`/builds/${id}/cancel`, { method: 'POST' });
  const build = await imaged.ended(id);
  assert.deepEqual([build.status, build.attempt], ['cancelled', 2]);
  assert.deepEqual(await artifactFiles(imaged, id), []);
  await proveNothingLeft(imaged);
  await proveSound(imaged);
});
