import { cycleByDaemon, cycleByScript, makeGoods, startWithGoods } from './cycle.ts';
import { showSpread } from './numbers.ts';
import { inPairs } from './pairs.ts';
import type { Row } from './row.ts';
import { systemClock as clock } from '../../src/base/clock.ts';

const most = 1.15;
const slots = [0, 1, 2, 3];

/** Seconds until all have come to their end. */
const together = async (each: (slot: number) => Promise<unknown>): Promise<number> => {
  const began = clock.elapsed();
  await Promise.all(slots.map(each));
  return (clock.elapsed() - began) / 1000;
};

export const parallel: Row = {
  name: 'parallel',
  what: '4 builds at once over 4 bare cycles at once',
  reach: `<= ${most}`,
  run: async ({ signal }) => {
    await using goods = await makeGoods(signal);
    await using imaged = await startWithGoods(goods, slots.length);
    const { ratio, ours, theirs } = await inPairs(
      5,
      () => together(() => cycleByDaemon(imaged, goods, signal)),
      () => together((slot) => cycleByScript(goods, slot, signal)),
      signal,
    );
    return {
      measured: `${showSpread(ratio, 2)}: ${ours.median.toFixed(2)} s over ${theirs.median.toFixed(2)} s`,
      isReached: ratio.median <= most,
      facts: { ratio: ratio.median, oursSeconds: ours.median, theirsSeconds: theirs.median },
    };
  },
};
