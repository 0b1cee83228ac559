import { statisticsBounds } from '../../../base/bounds.ts';
import { quantileOf, type Bucket } from '../../rules/histogram.ts';
import type {
  BuildsOfTemplate,
  DayOfBuilds,
  Days,
  Statistics,
  StatisticsStore,
  StatisticTimes,
} from '../../statistics.ts';
import type { Connection } from '../connection.ts';
import { all } from './count-ends.ts';

export const buildsSql = 'SELECT status, code, n FROM statistic_build WHERE day = ? AND template = ?';
// In the order of the key, so that what belongs together comes together.
export const timesSql = `
  SELECT what, step, bucket, n FROM statistic_time WHERE day = ? AND template = ? ORDER BY what, step, bucket`;

const templatesSql = `
  SELECT template AS name, sum(n) FILTER (WHERE status = 'succeeded') AS succeeded,
         sum(n) FILTER (WHERE status = 'failed') AS failed, sum(n) FILTER (WHERE status = 'cancelled') AS cancelled
  FROM statistic_build WHERE day BETWEEN ? AND ? AND template <> ''
  GROUP BY template ORDER BY sum(n) DESC, template LIMIT ${statisticsBounds.templates}`;

type TemplateRow = Readonly<Record<'succeeded' | 'failed' | 'cancelled', number | null>> & { readonly name: string };
type BuildsRow = { readonly status: 'succeeded' | 'failed' | 'cancelled'; readonly code: string; readonly n: number };
// Of a busy template there are tens of thousands for a year, and a list costs a fraction of an object.
type TimeRow = readonly [what: What, step: string, bucket: number, n: number];
type What = 'wait' | 'duration' | 'step';
/** The times of one thing on one day, the shortest first. */
type Group = { readonly what: What; readonly step: string; readonly buckets: readonly Bucket[] };
type Day = { readonly day: number; readonly builds: readonly BuildsRow[]; readonly groups: readonly Group[] };

const sum = (rows: readonly { readonly n: number }[]): number => rows.reduce((whole, { n }) => whole + n, 0);

const timesOf = (buckets: readonly Bucket[]): StatisticTimes | undefined => {
  const [p50Ms, p95Ms] = [quantileOf(buckets, 0.5), quantileOf(buckets, 0.95)];
  return p50Ms === undefined || p95Ms === undefined ? undefined : { n: sum(buckets), p50Ms, p95Ms };
};

const grouped = (rows: readonly TimeRow[]): readonly Group[] => {
  const groups: (Group & { readonly buckets: Bucket[] })[] = [];
  let last: (typeof groups)[number] | undefined;
  for (const [what, step, bucket, n] of rows) {
    if (last === undefined || last.what !== what || last.step !== step) {
      last = { what, step, buckets: [] };
      groups.push(last);
    }
    last.buckets.push({ bucket, n });
  }
  return groups;
};

/** The groups of several days as one. */
const merged = (groups: readonly Group[]): readonly Bucket[] => {
  const counts: number[] = [];
  for (const { buckets } of groups) for (const { bucket, n } of buckets) counts[bucket] = (counts[bucket] ?? 0) + n;
  return counts.flatMap((n, bucket) => [{ bucket, n }]);
};

/** How long builds waited and took, where that is known. */
const wholeOf = (groups: readonly Group[]): Pick<Statistics, 'wait' | 'duration'> => {
  const [wait, duration] = (['wait', 'duration'] as const).map((name) =>
    timesOf(merged(groups.filter(({ what }) => what === name))),
  );
  return { ...(wait === undefined ? {} : { wait }), ...(duration === undefined ? {} : { duration }) };
};

const showDay = ({ day, builds, groups }: Day): DayOfBuilds => {
  const count = (status: BuildsRow['status']) => sum(builds.filter((row) => row.status === status));
  return {
    day,
    succeeded: count('succeeded'),
    failed: count('failed'),
    cancelled: count('cancelled'),
    ...wholeOf(groups),
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

const showTemplate = ({ name, succeeded, failed, cancelled }: TemplateRow): BuildsOfTemplate => ({
  name,
  succeeded: succeeded ?? 0,
  failed: failed ?? 0,
  cancelled: cancelled ?? 0,
});

type GroupOfDay = Group & { readonly day: number };

const stepsOf = (days: readonly Day[]): Statistics['steps'] => {
  const steps = new Map<string, GroupOfDay[]>();
  for (const { day, groups } of days)
    for (const group of groups)
      if (group.what === 'step') {
        const known = steps.get(group.step);
        if (known === undefined) steps.set(group.step, [{ ...group, day }]);
        else known.push({ ...group, day });
      }
  return [...steps]
    .flatMap(([name, own]) => {
      const times = timesOf(merged(own));
      return times === undefined ? [] : [{ name, ...times, own }];
    })
    .sort((one, other) => other.p50Ms - one.p50Ms)
    .slice(0, statisticsBounds.steps)
    .map(({ own, ...step }) => ({
      ...step,
      days: own.flatMap(({ day, buckets }) => {
        const times = timesOf(buckets);
        return times === undefined ? [] : [{ day, ...times }];
      }),
    }));
};

/** What became of builds by day. Each day is looked up by its key, however many builds there were. */
export const makeStatistics = ({ db, read }: Connection): Pick<StatisticsStore, 'statistics'> => {
  const builds = db.prepare<[number, string], BuildsRow>(buildsSql);
  const times = db.prepare<[number, string], TimeRow>(timesSql).raw();
  const templates = db.prepare<[number, number], TemplateRow>(templatesSql);

  const daysOf = ({ from, to }: Days, template: string): readonly Day[] =>
    Array.from({ length: Math.min(to - from + 1, statisticsBounds.days) }, (_, at) => from + at)
      .map((day) => ({ day, builds: builds.all(day, template), groups: grouped(times.all(day, template)) }))
      .filter((day) => day.builds.length > 0);
  return {
    statistics: (asked, template = all) =>
      read(() => {
        const days = daysOf(asked, template);
        return {
          days: days.map(showDay),
          faults: faultsOf(days),
          ...wholeOf(days.flatMap(({ groups }) => groups)),
          templates: templates.all(asked.from, asked.to).map(showTemplate),
          steps: stepsOf(days),
        };
      }),
  };
};
