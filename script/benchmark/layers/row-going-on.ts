import { showSpread, spread } from '../numbers.ts';
import { inPairs } from '../pairs.ts';
import type { Row } from '../row.ts';
import { bootAndScript, build, startKeeping, twoScripts, untilBegins, untilEnds } from './builds.ts';

const mostMs = 600;
const mostRatio = 0.25;
const rounds = 5;

export const goingOn: Row = {
  name: 'going on',
  what: 'from a kept machine: claim to the first command over ssh; last script changed, claim to its end, over one boot from disk, login and script',
  reach: `<= ${mostMs} ms, <= ${mostRatio}`,
  run: async ({ signal }) => {
    await using imaged = await startKeeping();
    await build(imaged, await twoScripts('begin'));
    const logins: number[] = [];
    let word = 0;
    const ours = async () => {
      const built = await build(imaged, await twoScripts(`word${word++}`));
      logins.push(untilBegins(built, 'freshen'));
      return untilEnds(built, 'last');
    };
    const theirs = async () => bootAndScript(await build(imaged, await twoScripts('plain'), '?cache=off'));
    const pairs = await inPairs(rounds, ours, theirs, signal);
    const login = spread(logins.slice(1));
    return {
      measured: `${showSpread(login, 0)} ms; ${showSpread(pairs.ratio, 2)}: ${pairs.ours.median.toFixed(0)} ms over ${pairs.theirs.median.toFixed(0)} ms`,
      isReached: login.median <= mostMs && pairs.ratio.median <= mostRatio,
      facts: { milliseconds: login.median, ratio: pairs.ratio.median },
    };
  },
};
