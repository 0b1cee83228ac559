import { spread, type Spread } from './numbers.ts';

export type Pairs = { readonly ratio: Spread; readonly ours: Spread; readonly theirs: Spread };

/**
 * Measures two things in turn, so that what drifts hits both, and compares each pair. The first pair only warms up what
 * both stand on: the page cache, and code that has not run yet.
 */
export const inPairs = async (
  rounds: number,
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
  signal: AbortSignal,
): Promise<Pairs> => {
  const pairs: { readonly ours: number; readonly theirs: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    signal.throwIfAborted();
    const pair = { theirs: await theirs(), ours: await ours() };
    if (round > 0) pairs.push(pair);
  }
  return {
    ratio: spread(pairs.map((pair) => pair.ours / pair.theirs)),
    ours: spread(pairs.map((pair) => pair.ours)),
    theirs: spread(pairs.map((pair) => pair.theirs)),
  };
};
