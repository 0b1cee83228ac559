import { counted } from '../../base/text/counted.ts';

// A server may say something else each time.
const mostKinds = 50;

/** Counts what the attempts at a login met. */
export type Tally = {
  /** Counts it, and says all so far with the latest last. */
  readonly add: (what: string) => string;
  /** The same as the end of a sentence; '' before the first. */
  readonly told: () => string;
};

export const makeTally = (): Tally => {
  const counts = new Map<string, number>();
  let latest: string | undefined;
  const all = (): string => {
    const times = [...counts].map(([what, count]) => `${counted(count, 'time')}: ${what}`);
    return [...times, ...(counts.size > 1 ? [`last: ${latest ?? ''}`] : [])].join('; ');
  };
  return {
    add: (what) => {
      if (counts.has(what) || counts.size < mostKinds) counts.set(what, (counts.get(what) ?? 0) + 1);
      latest = what;
      return all();
    },
    told: () => (latest === undefined ? '' : ` (${all()})`),
  };
};
