import { statisticsBounds } from '../../../base/bounds.ts';
import { quantileOf, type Bucket } from '../../rules/histogram.ts';
import type { DayOfBuilds, Days, Statistics, StatisticsStore, Times } from '../../statistics.ts';
import type { Connection } from '../connection.ts';
import { all } from './count-ends.ts';

export const buildsSql = 'SELECT status, code, n FROM statistic_build WHERE day = ? AND template = ?';
export const timesSql = 'SELECT what, step, bucket, n FROM statistic_time WHERE day = ? AND template = ?';

type BuildsRow = { readonly status: 'succeeded' | 'failed' | 'cancelled'; readonly code: string; readonly n: number };
type TimeRow = Bucket & { readonly what: 'wait' | 'duration' | 'step'; readonly step: string };
type Day = { readonly day: number; readonly builds: readonly BuildsRow[]; readonly times: readonly TimeRow[] };

const sum = (rows: readonly { readonly n: number }[]): number => rows.reduce((whole, { n }) => whole + n, 0);

const timesOf = (buckets: readonly Bucket[]): Times | undefined => {
  const [p50Ms, p95Ms] = [quantileOf(buckets, 0.5), quantileOf(buckets, 0.95)];
  return p50Ms === undefined || p95Ms === undefined ? undefined : { n: sum(buckets), p50Ms, p95Ms };
};

/** The buckets of several days as those of one. */
const merged = (rows: readonly Bucket[]): readonly Bucket[] => {
  const counts = new Map<number, number>();
  for (const { bucket, n } of rows) counts.set(bucket, (counts.get(bucket) ?? 0) + n);
  return [...counts].map(([bucket, n]) => ({ bucket, n }));
};

/** How long builds waited and took, where that is known. */
const wholeOf = (rows: readonly TimeRow[]): Pick<Statistics, 'wait' | 'duration'> => {
  const [wait, duration] = (['wait', 'duration'] as const).map((name) =>
    timesOf(merged(rows.filter(({ what }) => what === name))),
  );
  return { ...(wait === undefined ? {} : { wait }), ...(duration === undefined ? {} : { duration }) };
};

const showDay = ({ day, builds, times }: Day): DayOfBuilds => {
  const count = (status: BuildsRow['status']) => sum(builds.filter((row) => row.status === status));
  return {
    day,
    succeeded: count('succeeded'),
    failed: count('failed'),
    cancelled: count('cancelled'),
    ...wholeOf(times),
  };
};

const faultsOf = (days: readonly Day[]): Statistics['faults'] => {
  const faults = new Map<string, Statistics['faults'][number]>();
  for (const { status, code, n } of days.flatMap(({ builds }) => builds)) {
    if (status === 'succeeded') continue;
    const key = `${status} ${code}`;
    faults.set(key, { code, status, n: n + (faults.get(key)?.n ?? 0) });
  }
  return [...faults.values()].sort((one, other) => other.n - one.n || (one.code < other.code ? -1 : 1));
};

/** The rows of each step, by its name and by day. */
const rowsOfSteps = (days: readonly Day[]): ReadonlyMap<string, ReadonlyMap<number, readonly TimeRow[]>> => {
  const steps = new Map<string, Map<number, TimeRow[]>>();
  for (const { day, times } of days)
    for (const row of times) {
      if (row.what !== 'step') continue;
      const own = steps.get(row.step) ?? new Map<number, TimeRow[]>();
      const ofDay = own.get(day);
      if (ofDay === undefined) own.set(day, [row]);
      else ofDay.push(row);
      steps.set(row.step, own);
    }
  return steps;
};

const stepsOf = (days: readonly Day[]): Statistics['steps'] =>
  [...rowsOfSteps(days)]
    .flatMap(([name, own]) => {
      const times = timesOf(merged([...own.values()].flat()));
      return times === undefined ? [] : [{ name, ...times, own }];
    })
    .sort((one, other) => other.p50Ms - one.p50Ms)
    .slice(0, statisticsBounds.steps)
    .map(({ own, ...step }) => ({
      ...step,
      days: [...own].flatMap(([day, rows]) => {
        const times = timesOf(rows);
        return times === undefined ? [] : [{ day, ...times }];
      }),
    }));

/** What became of builds by day. Each day is looked up by its key, however many builds there were. */
export const makeStatistics = ({ db, read }: Connection): Pick<StatisticsStore, 'statistics'> => {
  const builds = db.prepare<[number, string], BuildsRow>(buildsSql);
  const times = db.prepare<[number, string], TimeRow>(timesSql);

  const daysOf = ({ from, to }: Days, template: string): readonly Day[] =>
    Array.from({ length: Math.min(to - from + 1, statisticsBounds.days) }, (_, at) => from + at)
      .map((day) => ({ day, builds: builds.all(day, template), times: times.all(day, template) }))
      .filter((day) => day.builds.length > 0);
  return {
    statistics: (asked, template = all) =>
      read(() => {
        const days = daysOf(asked, template);
        return {
          days: days.map(showDay),
          faults: faultsOf(days),
          ...wholeOf(days.flatMap((day) => day.times)),
          steps: stepsOf(days),
        };
      }),
  };
};
