import { systemClock as clock } from '../../../src/base/clock.ts';
import { showSpread, spread } from '../numbers.ts';
import type { Row } from '../row.ts';
import { build, startKeeping, twoScripts } from './builds.ts';

const mostMs = 100;
const rounds = 15;

export const rebuild: Row = {
  name: 'rebuild',
  what: 'tiny-linux again with nothing changed: POST, `/result`, list of its artifacts',
  reach: `<= ${mostMs} ms`,
  run: async ({ signal }) => {
    await using imaged = await startKeeping();
    const template = await twoScripts('same');
    await build(imaged, template);
    const took: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      signal.throwIfAborted();
      const { id, ms } = await build(imaged, template);
      const began = clock.elapsed();
      const reply = await imaged.call(`/builds/${id}/artifacts`);
      await reply.text();
      // The first warms up code that has not run yet.
      if (round > 0) took.push(ms + clock.elapsed() - began);
    }
    const all = spread(took);
    return {
      measured: `${showSpread(all, 0)} ms`,
      isReached: all.median <= mostMs,
      facts: { milliseconds: all.median },
    };
  },
};
