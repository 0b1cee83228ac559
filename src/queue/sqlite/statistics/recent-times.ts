import { statisticsBounds } from '../../../base/bounds.ts';
import type { RecentTimes, StatisticsStore, StatisticTimes } from '../../statistics.ts';
import type { Connection } from '../connection.ts';

// The index build_by_good_run begins with all of these and ends with the id: the newest are read, and no others.
export const recentSql = `
  SELECT id, attempt, max(0, ended_at - coalesce(claimed_at, started_at)) AS ms FROM build
  WHERE template_name = :template AND machine IS :machine AND host IS :host AND status = 'succeeded' AND debug = 0
    AND ended_at <= :before
  ORDER BY id DESC LIMIT ${statisticsBounds.recentBuilds}`;

const stepsSql = `
  SELECT name, max(0, ended_at - started_at) AS ms FROM build_step
  WHERE build_id = ? AND attempt = ? AND ended_at IS NOT NULL AND fault IS NULL ORDER BY seq`;

type Ask = {
  readonly template: string;
  readonly machine: string | null;
  readonly host: string;
  readonly before: number;
};
type BuildTime = { readonly id: string; readonly attempt: number; readonly ms: number };
type StepTime = { readonly name: string; readonly ms: number };

/** The times of which there is at least one. */
const timesOf = (unordered: readonly number[]): StatisticTimes => {
  const ms = unordered.toSorted((one, other) => one - other);
  const at = (part: number) => ms[Math.max(0, Math.ceil(ms.length * part) - 1)] ?? 0;
  return { n: ms.length, p50Ms: at(0.5), p95Ms: at(0.95) };
};

const byName = (steps: readonly StepTime[]): ReadonlyMap<string, readonly number[]> => {
  const all = new Map<string, number[]>();
  for (const { name, ms } of steps) {
    const known = all.get(name);
    if (known !== undefined) known.push(ms);
    else if (all.size < statisticsBounds.steps) all.set(name, [ms]);
  }
  return all;
};

export type RecentTimesRows = Pick<StatisticsStore, 'recentTimes'> & {
  /** A build of this template has succeeded: what is told of it is worked out again. */
  readonly renew: (template: string) => void;
};

/** How long the newest good builds took. Worked out once, until another has ended. */
export const makeRecentTimes = ({ db, read }: Pick<Connection, 'db' | 'read'>, host: string): RecentTimesRows => {
  const recent = db.prepare<[Ask], BuildTime>(recentSql);
  const steps = db.prepare<[string, number], StepTime>(stepsSql);
  const known = new Map<string, Map<string, RecentTimes>>();

  const look = (ask: Ask): RecentTimes => {
    const builds = recent.all(ask);
    const took = byName(builds.flatMap(({ id, attempt }) => steps.all(id, attempt)));
    return {
      builds: builds.length,
      ...(builds.length === 0 ? {} : { whole: timesOf(builds.map(({ ms }) => ms)) }),
      steps: [...took].map(([name, ms]) => ({ name, ...timesOf(ms) })),
    };
  };
  return {
    recentTimes: ({ templateName: template, machine = '' }, before) =>
      read(() => {
        const ask = {
          template,
          machine: machine === '' ? null : machine,
          host,
          before: before ?? Number.MAX_SAFE_INTEGER,
        };
        if (before !== undefined) return look(ask);
        const machines = known.get(template) ?? new Map<string, RecentTimes>();
        const times = machines.get(machine) ?? look(ask);
        if (known.size >= statisticsBounds.templatesKnown) known.clear();
        known.set(template, machines.set(machine, times));
        return times;
      }),
    renew: (template) => void known.delete(template),
  };
};
