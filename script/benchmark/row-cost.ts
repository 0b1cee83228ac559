import { cycleByDaemon, cycleByScript, makeGoods, startWithGoods } from './cycle.ts';
import { showSpread } from './numbers.ts';
import { inPairs } from './pairs.ts';
import type { Row } from './row.ts';

const most = 1.15;

export const cost: Row = {
  name: 'cost of the daemon',
  what: 'POST to `succeeded` of a fetch-write-halt build, over the same by a bare script with the same QEMU flags',
  reach: `<= ${most}`,
  run: async ({ signal }) => {
    await using goods = await makeGoods(signal);
    await using imaged = await startWithGoods(goods, 1);
    const { ratio, ours, theirs } = await inPairs(
      9,
      () => cycleByDaemon(imaged, goods, signal),
      () => cycleByScript(goods, 0, signal),
      signal,
    );
    return {
      measured: `${showSpread(ratio, 2)}: ${ours.median.toFixed(2)} s over ${theirs.median.toFixed(2)} s`,
      isReached: ratio.median <= most,
      facts: { ratio: ratio.median, oursSeconds: ours.median, theirsSeconds: theirs.median },
    };
  },
};
