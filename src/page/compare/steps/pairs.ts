import type { TimelineRow } from '../../build/rows.ts';

/** A step of two builds: how it went in each; undefined where one has no such step. */
export type StepPair = {
  readonly name: string;
  readonly a: TimelineRow | undefined;
  readonly b: TimelineRow | undefined;
};

/** How long a step took, in milliseconds; undefined where it has not run. */
export const tookMs = (row: TimelineRow | undefined): number | undefined =>
  row === undefined || row.state === 'planned' || row.state === 'taken' ? undefined : row.toMs - row.fromMs;

/** The steps of two builds by their names, in the order of the first; what only the other has comes behind what it has before. */
export const stepPairs = (a: readonly TimelineRow[], b: readonly TimelineRow[]): readonly StepPair[] => {
  const inB = new Map(b.map((row) => [row.name, row]));
  const inA = new Set(a.map(({ name }) => name));
  const pairs: StepPair[] = a.map((row) => ({ name: row.name, a: row, b: inB.get(row.name) }));
  b.forEach((row, at) => {
    if (inA.has(row.name)) return;
    const before = b[at - 1]?.name;
    const place = pairs.findIndex(({ name }) => name === before);
    pairs.splice(place + 1, 0, { name: row.name, a: undefined, b: row });
  });
  return pairs;
};
