import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { awaitEvent, eventsOf } from '../fixtures/follow-events.ts';
import { firstUnlessLong, underQemu } from '../fixtures/long.ts';
import type { Event } from '../fixtures/published-event.ts';
import { isVmd } from '../fixtures/hypervisor.ts';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { machinesOf, proveNothingLeft, provePublished } from '../fixtures/left-behind.ts';
import { cycle, cycleDigest, visit } from '../fixtures/quick-templates.ts';

const tables = '[hypervisor.qemu]\naccelerator = "tcg"';

const Steps = z.object({
  items: z.array(z.object({ attempt: z.number(), name: z.string(), fault: z.object({ code: z.string() }).optional() })),
});

const begins =
  (step: string) =>
  ({ type, data }: Event) =>
    type === 'step.started' && data['name'] === step;

/** Posts a build and sends QEMU the signal when the step begins. */
const hitMachine = async (imaged: Imaged, template: object, step: string, signal: NodeJS.Signals): Promise<string> => {
  const { id } = await imaged.post({ template });
  assert.ok(await awaitEvent(imaged, id, begins(step)));
  const [machine, ...others] = await machinesOf(imaged);
  assert.ok(machine);
  assert.deepEqual(others, []);
  process.kill(machine.pid, signal);
  return id;
};

/** The build was tried twice, and everybody can see why. Gives the milliseconds of the pause between. */
const proveTriedAgain = async (imaged: Imaged, id: string, step: string, code: string): Promise<number> => {
  const build = await imaged.ended(id);
  assert.equal(build.status, 'succeeded', JSON.stringify(build.fault));
  assert.deepEqual([build.attempt, build['attempts_left']], [2, 1]);
  const { items } = Steps.parse(await (await imaged.call(`/builds/${id}/steps`)).json());
  assert.deepEqual([...new Set(items.map(({ attempt }) => attempt))], [1, 2]);
  const broken = items.filter(({ fault }) => fault !== undefined);
  assert.deepEqual(
    broken.map(({ attempt, name, fault }) => [attempt, name, fault?.code]),
    [[1, step, code]],
  );
  const log = await (await imaged.call(`/builds/${id}/log`)).text();
  assert.match(log, /attempt 1 begins[^]*attempt 2 begins/);
  await provePublished(imaged, id);
  await proveNothingLeft(imaged);
  const [requeued] = (await eventsOf(imaged, id)).filter(({ type }) => type === 'build.requeued');
  return Number(requeued?.data['not_before']) - Date.parse(requeued?.at ?? '');
};

// vmd says no more than that the machine has gone.
const crashed = isVmd ? 'machine_stopped' : 'machine_crashed';

for (const [signal, code] of firstUnlessLong([
  ['SIGKILL', crashed],
  ['SIGTERM', 'machine_stopped'],
] as const)) {
  test(`a machine that ${signal} ends in the middle is told as such, and the build is tried again by itself`, async (t) => {
    await using imaged = await startImaged({ settings: 'workers = 1', tables });
    const id = await hitMachine(imaged, await cycle(), 'install', signal);
    const pauseMs = await proveTriedAgain(imaged, id, 'install', code);
    t.diagnostic(`tried again after a pause of ${pauseMs} ms`);
    assert.ok(pauseMs > 0);
    assert.deepEqual(await provePublished(imaged, id), [cycleDigest]);
  });

  test(`with attempts = 1, a machine that ${signal} ends is the end of the build`, async () => {
    await using imaged = await startImaged({ settings: 'workers = 1\nattempts = 1', tables });
    const id = await hitMachine(imaged, await cycle(), 'install', signal);
    const build = await imaged.ended(id);
    assert.deepEqual(
      [build.status, build.fault?.code, build.fault?.class, build.attempt],
      ['failed', code, 'infra', 1],
    );
    await proveNothingLeft(imaged);
  });
}

test('a machine that crashes under a provisioner is told from a connection that breaks', underQemu, async () => {
  await using imaged = await startImaged({ settings: 'workers = 1', tables });
  const template = visit({ provisioners: [{ type: 'shell', name: 'work', inline: ['sleep 3'] }] });
  const id = await hitMachine(imaged, template, 'work', 'SIGKILL');
  await proveTriedAgain(imaged, id, 'work', crashed);
});
