import type { z } from 'zod';
import { dayText } from '../../base/records/day.ts';
import { ProblemCode } from '../../base/records/fault-record.ts';
import type { Days, RecentTimes, Statistics as Stored, StatisticTimes } from '../../queue/statistics.ts';
import type { RecentStepTimes, Statistics } from './schema.ts';

const showTimes = ({ n, p50Ms, p95Ms }: StatisticTimes) => ({
  count: n,
  p50_seconds: p50Ms / 1000,
  p95_seconds: p95Ms / 1000,
});

const showWhole = ({ wait, duration }: Pick<Stored, 'wait' | 'duration'>) => ({
  ...(wait === undefined ? {} : { wait: showTimes(wait) }),
  ...(duration === undefined ? {} : { duration: showTimes(duration) }),
});

const showFaults = (faults: Stored['faults']): z.output<typeof Statistics>['faults'] =>
  faults.flatMap(({ code, status, n }) => {
    // An earlier imaged may have known codes that there are no longer.
    const known = ProblemCode.safeParse(code);
    if (!known.success || (status !== 'failed' && status !== 'cancelled')) return [];
    return [{ code: known.data, status, count: n }];
  });

export const showStatistics = (
  { from, to }: Days,
  template: string | undefined,
  { days, faults, templates, steps, ...whole }: Stored,
): z.output<typeof Statistics> => ({
  from: dayText(from),
  to: dayText(to),
  ...(template === undefined ? {} : { template }),
  days: days.map(({ day, succeeded, failed, cancelled, ...times }) => ({
    ...{ day: dayText(day), succeeded, failed, cancelled },
    ...showWhole(times),
  })),
  faults: showFaults(faults),
  ...showWhole(whole),
  templates: [...templates],
  steps: steps.map(({ name, days: own, ...times }) => ({
    ...{ name, ...showTimes(times) },
    days: own.map(({ day, ...ofDay }) => ({ day: dayText(day), ...showTimes(ofDay) })),
  })),
});

export const showRecent = (
  of: { readonly template: string; readonly machine?: string | undefined },
  { builds, whole, steps }: RecentTimes,
): z.output<typeof RecentStepTimes> => ({
  template: of.template,
  ...(of.machine === undefined ? {} : { machine: of.machine }),
  builds,
  ...(whole === undefined ? {} : { whole: showTimes(whole) }),
  steps: steps.map(({ name, ...times }) => ({ name, ...showTimes(times) })),
});
