import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventsOf } from '../fixtures/follow-events.ts';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { machinesOf, proveNothingLeft, provePublished, proveSound } from '../fixtures/left-behind.ts';
import { cycle, cycleDigest } from '../fixtures/quick-templates.ts';

/** Numbers from 0 up to 1 that a seed repeats: Mulberry32, by Tommy Ettinger (public domain). */
const randomFrom = (seed: number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

type Count = { builds: number; kills: number; starting: number; interrupted: number; machines: number };

// A build that saw many daemons die runs alone (crash-policy.ts), so one build has to bear fewer.
const killsPerBuild = 4;

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};

const statusOf = async (imaged: Imaged, id: string): Promise<string> =>
  (await (await imaged.call(`/builds/${id}/status`)).text()).trim();

/** Kills the daemon at a moment of its start-up, which may be just after its end. */
const killWhileStarting = async (imaged: Imaged, afterMs: number): Promise<'starting' | 'running'> => {
  const starting = imaged.start().then(
    () => 'running' as const,
    () => 'starting' as const,
  );
  await sleep(afterMs);
  await imaged.kill('SIGKILL');
  return starting;
};

/** One build after the other, each bearing kills at random moments from its POST to its end, and of the starts between. */
const killAtRandom = async (imaged: Imaged, kills: number, random: () => number, count: Count): Promise<void> => {
  const template = await cycle();
  const whole = async () => {
    const { id } = await imaged.post({ template });
    assert.equal((await imaged.ended(id)).status, 'succeeded');
  };
  await whole(); // the first one finds everything cold
  await imaged.kill('SIGTERM');
  const startMs = await timed(imaged.start);
  const buildMs = await timed(whole);
  for (let left = kills; left > 0;) {
    const { id } = await imaged.post({ template });
    count.builds += 1;
    let isUp = true;
    for (let borne = 0; borne < killsPerBuild && left > 0; borne++) {
      left -= 1;
      if (isUp) {
        await sleep(random() * buildMs);
        await imaged.kill('SIGKILL');
      } else if ((await killWhileStarting(imaged, random() * startMs)) === 'starting') count.starting += 1;
      count.kills += 1;
      count.machines += (await machinesOf(imaged)).length;
      isUp = random() < 0.7;
      if (!isUp) continue;
      await imaged.start();
      if ((await statusOf(imaged, id)) === 'succeeded') break;
    }
    if (!isUp) await imaged.start();
    const build = await imaged.ended(id);
    assert.equal(build.status, 'succeeded', JSON.stringify(build.fault));
    assert.equal(build['attempts_left'], 2, 'a death of the daemon costs no attempt');
    const requeued = (await eventsOf(imaged, id)).filter(({ type }) => type === 'build.requeued');
    assert.equal(build.attempt, requeued.length + 1);
    count.interrupted += requeued.length;
    assert.deepEqual(await provePublished(imaged, id), [cycleDigest]);
    await proveNothingLeft(imaged);
  }
};

const kills = process.env['IMAGED_LONG'] ? 150 : 30;
const lanes = 2;

test(`builds outlive a kill -9 of the daemon at ${kills} random moments`, async (t) => {
  const seed = Number(process.env['IMAGED_SEED'] ?? randomInt(2 ** 31));
  t.diagnostic(`IMAGED_SEED=${seed} repeats these moments`);
  const count: Count = { builds: 0, kills: 0, starting: 0, interrupted: 0, machines: 0 };
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      await using imaged = await startImaged({ settings: 'workers = 1', tables: '[hypervisor]\naccelerator = "tcg"' });
      await killAtRandom(imaged, kills / lanes, randomFrom(seed + lane), count);
      await proveSound(imaged);
    }),
  );
  t.diagnostic(
    `${count.kills} kills over ${count.builds} builds, ${count.starting} of them during start-up; ${count.interrupted} attempts were begun anew, ${count.machines} machines outlived the daemon and were reaped`,
  );
});
