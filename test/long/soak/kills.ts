/** Ends programs of the soak, and fills its disk, now and then. */

import { systemClock as clock } from '../../../src/base/clock.ts';
import { killOne } from '../../fixtures/victims.ts';
import { again, type Stage } from './actor.ts';
import type { Place } from './place.ts';

const programs = [
  ['qemu', 3],
  ['ssh', 2],
  ['qemu-img', 2],
  ['nc', 2],
] as const;

// The short-lived ones are waited for, but not for ever: none may come for a long time.
const mostMsToFind = 5000;

export const killWithoutEnd = (stage: Stage): Promise<void> =>
  again('killing', stage, [3000, 15_000], async () => {
    const program = stage.random.weighted(programs);
    const until = clock.elapsed() + mostMsToFind;
    while (clock.elapsed() < until) {
      if ((await killOne(stage.ward.imaged, [program], stage.random.below)) !== undefined) {
        stage.count(`killed ${program}`);
        return;
      }
      await clock.sleep(2, stage.signal);
    }
  });

/**
 * Ends the daemon now and then while `isTime`: in the rest of the soak it lives long enough to show what it would gather.
 */
export const restartWithoutEnd = (stage: Stage, isTime: () => boolean): Promise<void> =>
  again('restarting', stage, [5000, 30_000], async () => {
    if (!isTime()) return;
    const signal = stage.random.weighted([
      ['SIGKILL', 2],
      ['SIGTERM', 1],
    ] as const);
    await stage.ward.restart(signal);
    stage.count(`daemon ${signal}`);
  });

export const fillWithoutEnd = (stage: Stage, fill: NonNullable<Place['fill']>): Promise<void> =>
  again('filling', stage, [30_000, 60_000], async () => {
    await using full = await fill();
    void full;
    await clock.sleep(stage.random.between(1000, 6000), stage.signal);
    stage.count('disk filled');
  });
