import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { awaitEvent, eventsOf } from '../fixtures/follow-events.ts';
import type { Event } from '../fixtures/published-event.ts';
import { isLong } from '../fixtures/hypervisor.ts';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { artifactFiles, machinesOf, proveNothingLeft } from '../fixtures/left-behind.ts';
import { convertedCycle, cycle, revisit, visit } from '../fixtures/quick-templates.ts';
import { stubbornDisks } from '../fixtures/stubborn-disks.ts';

const settings = 'workers = 1';
const tables = '[hypervisor.qemu]\naccelerator = "tcg"';

const cancel = (imaged: Imaged, id: string) => imaged.call(`/builds/${id}/cancel`, { method: 'POST' });

/** Cancels twice, waits for the end, and gives the milliseconds from the first request until nothing was left. */
const proveCancelled = async (imaged: Imaged, id: string): Promise<number> => {
  const began = performance.now();
  assert.equal((await cancel(imaged, id)).status, 202);
  assert.equal((await cancel(imaged, id)).status, 202, 'cancelling again is no error');
  await proveNothingLeft(imaged);
  const tookMs = performance.now() - began;
  const build = await imaged.ended(id);
  assert.equal(build.status, 'cancelled');
  assert.equal(build.fault?.code, 'cancelled');
  assert.equal((await cancel(imaged, id)).status, 202, 'nor is cancelling what has ended');
  assert.deepEqual(await artifactFiles(imaged, id), []);
  const asked = (await eventsOf(imaged, id)).filter(({ type }) => type === 'build.cancel_requested');
  assert.equal(asked.length, 1);
  return tookMs;
};

const inPhase =
  (phase: string) =>
  ({ type, data }: Event) =>
    type === 'build.phase' && data['phase'] === phase;

test('a build that waits in the queue is cancelled at once, and the one that runs goes on', async () => {
  await using imaged = await startImaged({ settings, tables });
  const first = await imaged.post({ template: await cycle() });
  const second = await imaged.post({ template: await cycle() });
  assert.equal((await cancel(imaged, second.id)).status, 202);
  const cancelled = await imaged.ended(second.id);
  assert.deepEqual([cancelled.status, cancelled.attempt], ['cancelled', 0]);
  assert.equal((await imaged.ended(first.id)).status, 'succeeded');
});

const phases = isLong ? 'in every phase' : 'with a machine and without one';

test(`a build is cancelled ${phases}, and its machine is gone within 5 s of the request`, async (t) => {
  await using stubborn = await stubbornDisks();
  // Something that lasts in each phase, so that the request meets it there.
  const cases = {
    preparing: await cycle(),
    installing: await cycle({ install: { console: [{ hear: 'what it never says', within: '1h' }] } }),
    booting: revisit(),
    connecting: visit(),
    provisioning: visit({ provisioners: [{ type: 'shell', inline: ['sleep 600'] }] }),
    sealing: visit({ provisioners: [], shutdown: { command: 'sleep 600' } }),
    packaging: await convertedCycle(),
    publishing: await convertedCycle('8G'),
  };
  const withMachine = new Set(['installing', 'booting', 'connecting', 'provisioning', 'sealing']);
  let caught = 0;
  const lane = async (phases: readonly (keyof typeof cases)[]) => {
    await using imaged = await startImaged({ settings, tables: `${tables}\n${stubborn.setting}` });
    for (const phase of phases) {
      await using hanging =
        phase === 'preparing' || phase === 'packaging'
          ? await stubborn.hang(phase === 'preparing' ? 'create' : 'convert')
          : undefined;
      void hanging;
      const { id } = await imaged.post({ template: cases[phase] });
      const begun = await awaitEvent(imaged, id, inPhase(phase));
      assert.ok(begun, `never ${phase}`);
      // These begin before their machine is there.
      if (phase === 'installing' || phase === 'booting')
        assert.ok(await awaitEvent(imaged, id, ({ type }) => type === 'machine.started', begun.seq));
      const machines = (await machinesOf(imaged)).length;
      assert.equal(machines, withMachine.has(phase) ? 1 : 0, phase);
      const tookMs = await proveCancelled(imaged, id);
      t.diagnostic(`${phase}: ${machines} machine(s), all gone after ${Math.round(tookMs)} ms`);
      assert.ok(tookMs < 5000, `${phase}: ${tookMs} ms`);
      caught += 1;
    }
  };
  if (isLong) {
    await lane(['preparing', 'packaging']);
    await Promise.all([lane(['installing', 'booting', 'publishing']), lane(['connecting', 'provisioning', 'sealing'])]);
  } else await Promise.all([lane(['installing', 'packaging']), lane(['provisioning', 'publishing'])]);
  t.diagnostic(`cancelled in ${caught} phases`);
});

test('a build is deleted with its files once it has ended, and not before', async () => {
  await using imaged = await startImaged({ settings, tables });
  const { id } = await imaged.post({ template: await cycle() });
  const remove = async () => (await imaged.call(`/builds/${id}`, { method: 'DELETE' })).status;
  assert.ok(await awaitEvent(imaged, id, inPhase('installing')));
  assert.equal(await remove(), 409);
  assert.equal((await imaged.ended(id)).status, 'succeeded');
  const folder = join(imaged.dataDir, 'builds', id);
  assert.ok(existsSync(folder));
  assert.equal(await remove(), 204);
  assert.ok(!existsSync(folder));
  assert.equal((await imaged.call(`/builds/${id}`)).status, 404);
  assert.equal(await remove(), 404);
});
