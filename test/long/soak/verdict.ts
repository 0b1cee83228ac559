/** Whether the soak is flat: pure judgements of what was measured. */

import type { Sample } from './samples.ts';

export type Judgement = { readonly holds: boolean; readonly claim: string; readonly found: string };

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

const warmUpMs = 30_000;
const mayGrow = 1.2;
// Below some minutes it is still finding its size.
const leastMs = 300_000;

/** Within one life of the daemon: the last third against the first, after it has warmed up. */
const isFlat = (name: string, of: (sample: Sample) => number, samples: readonly Sample[]): readonly Judgement[] => {
  const warm = samples.filter(({ upMs }) => upMs > warmUpMs);
  return [...new Set(warm.map(({ life }) => life))].flatMap((life) => {
    const all = warm.filter((sample) => sample.life === life);
    const third = Math.floor(all.length / 3);
    if ((all.at(-1)?.upMs ?? 0) < leastMs) return [];
    const [first, last] = [median(all.slice(0, third).map(of)), median(all.slice(-third).map(of))];
    return {
      holds: last <= first * mayGrow,
      claim: `${name} of daemon ${life} stays within a fifth`,
      found: `median ${first.toFixed(1)} in its first third, ${last.toFixed(1)} in its last`,
    };
  });
};

const atMost = (claim: string, most: number, numbers: readonly number[]): Judgement => {
  const found = Math.max(0, ...numbers);
  return { holds: found <= most, claim: `${claim}: at most ${most}`, found: found.toFixed(1) };
};

export const none = (claim: string, found: readonly string[]): Judgement => ({
  holds: found.length === 0,
  claim,
  found: found.length === 0 ? 'none' : `${found.length}: ${found.slice(0, 5).join('; ')}`,
});

// A machine that has two processors for everything has little left for the daemon at times.
const mostLoopMs = 1000;
const mostWalMb = 64;
// What retention leaves, each with an image of 27 MB.
const mostDataMb = 700;

export const judgeSamples = (
  samples: readonly Sample[],
  idle: { readonly before: Sample; readonly after: Sample },
): readonly Judgement[] => [
  ...isFlat('memory', ({ rssMb }) => rssMb, samples),
  atMost('MB in data_dir when all builds have ended', mostDataMb, [idle.after.dataMb]),
  {
    holds: idle.after.files <= idle.before.files + 2,
    claim: 'as many files are open at the end as at the start, but for two',
    found: `${idle.before.files} before, ${idle.after.files} after`,
  },
  atMost(
    'milliseconds of one turn of the event loop',
    mostLoopMs,
    samples.map(({ loopMs }) => loopMs),
  ),
  atMost(
    'MB of WAL',
    mostWalMb,
    samples.map(({ walMb }) => walMb),
  ),
];

/** "ok" or "NOT" before each. */
export const showVerdict = (judgements: readonly Judgement[]): string =>
  judgements.map(({ holds, claim, found }) => `${holds ? 'ok ' : 'NOT'} ${claim} (${found})\n`).join('');
