import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { awaitEvent, eventsOf } from '../fixtures/follow-events.ts';
import type { Event } from '../fixtures/published-event.ts';
import { isLong } from '../fixtures/hypervisor.ts';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { machinesOf, proveNothingLeft, provePublished, proveSound } from '../fixtures/left-behind.ts';
import { cycle, cycleDigest, revisit, visit } from '../fixtures/quick-templates.ts';

const Plan = z.object({ plan: z.array(z.object({ name: z.string() })) });

/** An end of a step, as a client sees it. */
type Boundary = { readonly type: 'step.started' | 'step.ended'; readonly step: string };

const boundariesOf = async (imaged: Imaged, template: object): Promise<Boundary[]> => {
  const reply = await imaged.call('/builds?validate=true', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ template }),
  });
  const { plan } = Plan.parse(await reply.json());
  // A client hears of the end of a step when the next one is about to start, some milliseconds later: twice nearly the same
  // moment, but for the last. With --machines all of them.
  return plan.flatMap(({ name: step }, at) => [
    { type: 'step.started', step },
    ...(isLong || at === plan.length - 1 ? [{ type: 'step.ended', step } as const] : []),
  ]);
};

// A build that saw many daemons die runs alone (rules/crash.ts), so one build has to bear fewer.
const killsPerBuild = 4;

type Count = { kills: number; builds: number; machines: number };

/** Kills the daemon at each boundary in turn, and starts it again, over as many builds as that takes. */
const killAtEach = async (imaged: Imaged, template: object, boundaries: readonly Boundary[], count: Count) => {
  const waiting = [...boundaries];
  while (waiting.length > 0) {
    const { id } = await imaged.post({ template });
    count.builds += 1;
    let seen = 0;
    for (let kills = 0; kills < killsPerBuild && waiting.length > 0; kills++) {
      const [due] = waiting;
      const isDue = ({ type, data }: Event) => type === due?.type && data['name'] === due.step;
      const event = await awaitEvent(imaged, id, isDue, seen);
      if (event === undefined) break;
      waiting.shift();
      await imaged.kill('SIGKILL');
      count.kills += 1;
      count.machines += (await machinesOf(imaged)).length;
      seen = event.seq;
      await imaged.start();
    }
    const build = await imaged.ended(id);
    assert.equal(build.status, 'succeeded', JSON.stringify(build.fault));
    const requeued = (await eventsOf(imaged, id)).filter(({ type }) => type === 'build.requeued');
    const why = requeued.map(({ data }) => JSON.stringify(data)).join(', ');
    assert.doesNotMatch(why, /asked to power off/);
    assert.equal(build['attempts_left'], 2, `a death of the daemon costs no attempt, but: ${why}`);
    assert.equal(build.attempt, requeued.length + 1);
    const digests = await provePublished(imaged, id);
    if ('http' in template) assert.deepEqual(digests, [cycleDigest]);
    await proveNothingLeft(imaged);
  }
};

const settings = 'workers = 1';
const tables = '[hypervisor.qemu]\naccelerator = "tcg"';

test('a build outlives a kill -9 of the daemon at every boundary of its steps', async (t) => {
  const count: Count = { kills: 0, builds: 0, machines: 0 };
  const lane = async (template: object, isWanted: (boundary: Boundary) => boolean) => {
    await using imaged = await startImaged({ settings, tables });
    const boundaries = (await boundariesOf(imaged, template)).filter(isWanted);
    assert.ok(boundaries.length > 0);
    await killAtEach(imaged, template, boundaries, count);
    await proveSound(imaged);
  };
  // Each kind of step is there once: the longer builds add those that the short one has not; without --machines the three
  // where most is under way.
  const only =
    (...steps: readonly string[]) =>
    ({ step }: Boundary) =>
      steps.includes(step);
  const short = await cycle();
  await Promise.all([
    // By its power button: a second press does no harm.
    lane(
      visit({ shutdown: { timeout: '2m' } }),
      isLong
        ? only('make-key', 'keep-machine', 'connect', 'mark', 'seal', 'shut-down')
        : only('keep-machine', 'mark', 'shut-down'),
    ),
    lane(short, () => true).then(() => (isLong ? lane(revisit(), only('boot-from-disk', 'greet')) : undefined)),
  ]);
  t.diagnostic(
    `${count.kills} kills at step boundaries of ${count.builds} builds; ${count.machines} machines outlived the daemon and were reaped`,
  );
});
