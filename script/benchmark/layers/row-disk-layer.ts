import { showSpread } from '../numbers.ts';
import { inPairs } from '../pairs.ts';
import type { Row } from '../row.ts';
import { bootAndScript, build, startKeeping, twoScripts, untilEnds } from './builds.ts';

const most = 1.2;
const rounds = 5;
const disksAlone = { cache: { memory: false } };

export const diskLayer: Row = {
  name: 'disk layer',
  what: 'last script changed, from a disk without memory: claim to its end, over one boot from disk, login and script',
  reach: `<= ${most}`,
  run: async ({ signal }) => {
    await using imaged = await startKeeping();
    await build(imaged, await twoScripts('begin', disksAlone));
    let word = 0;
    const ours = async () => untilEnds(await build(imaged, await twoScripts(`word${word++}`, disksAlone)), 'last');
    const theirs = async () => bootAndScript(await build(imaged, await twoScripts('plain'), '?cache=off'));
    const { ratio, ours: took, theirs: plain } = await inPairs(rounds, ours, theirs, signal);
    return {
      measured: `${showSpread(ratio, 2)}: ${took.median.toFixed(0)} ms over ${plain.median.toFixed(0)} ms`,
      isReached: ratio.median <= most,
      facts: { ratio: ratio.median },
    };
  },
};
