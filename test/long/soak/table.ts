import type { Sample } from './samples.ts';

const columns: readonly (readonly [head: string, of: (sample: Sample) => number, digits: number])[] = [
  ['life', ({ life }) => life, 0],
  ['RSS MB', ({ rssMb }) => rssMb, 0],
  ['heap MB', ({ heapMb }) => heapMb, 0],
  ['files', ({ files }) => files, 0],
  ['loop ms', ({ loopMs }) => loopMs, 0],
  ['health ms', ({ healthMs }) => healthMs, 0],
  ['WAL MB', ({ walMb }) => walMb, 1],
  ['procs', ({ processes }) => processes, 0],
  ['run', (sample) => sample.run, 0],
  ['work', ({ work }) => work, 0],
  ['contexts', ({ contexts }) => contexts, 0],
  ['lost', ({ lost }) => lost, 0],
  ['data MB', ({ dataMb }) => dataMb, 0],
];

const mostRows = 30;

/** The samples in at most 30 rows of the same length; each shows the greatest of every figure in its time. */
export const showSamples = (samples: readonly Sample[]): string => {
  const size = Math.max(1, Math.ceil(samples.length / mostRows));
  const groups = Array.from({ length: Math.ceil(samples.length / size) }, (_, at) =>
    samples.slice(at * size, (at + 1) * size),
  );
  const rows = groups.map((group) => [
    ((group.at(-1)?.atMs ?? 0) / 60_000).toFixed(1),
    ...columns.map(([, of, digits]) => Math.max(...group.map(of)).toFixed(digits)),
  ]);
  const heads = ['minute', ...columns.map(([head]) => head)];
  const widths = heads.map((head, at) => Math.max(head.length, ...rows.map((row) => row[at]?.length ?? 0)));
  return [heads, ...rows]
    .map((row) => `${row.map((text, at) => text.padStart(widths[at] ?? 0)).join('  ')}\n`)
    .join('');
};
