import type { z } from 'zod';
import type { Schedule as StoredSchedule, ScheduleRun } from '../../queue/schedules.ts';
import { showVariables } from '../../base/mask/hidden-values.ts';
import { timeOf } from '../contract/common.ts';
import type { Schedule, ScheduleInfo } from './schema.ts';

export const showScheduleInfo = (row: StoredSchedule): z.output<typeof ScheduleInfo> => ({
  name: row.name,
  template: row.template,
  ...(row.machine === undefined ? {} : { machine: row.machine }),
  variables: showVariables(row.variables, row.sensitive),
  cron: row.cron,
  time_zone: row.timeZone,
  skip_unchanged: row.skipUnchanged,
  paused: row.paused,
  labels: row.labels,
  ...(row.requestedBy === undefined ? {} : { requested_by: row.requestedBy }),
  created_at: timeOf(row.createdAt),
  updated_at: timeOf(row.updatedAt),
  ...(row.nextAt === undefined ? {} : { next_at: timeOf(row.nextAt) }),
});

const showRun = (run: ScheduleRun): z.output<typeof Schedule>['runs'][number] => ({
  due_at: timeOf(run.dueAt),
  at: timeOf(run.at),
  outcome: run.outcome,
  ...(run.outcome === 'started' ? { build: run.buildId } : { why: run.why }),
  ...(run.by === undefined ? {} : { by: run.by }),
});

export const showSchedule = (row: StoredSchedule, runs: readonly ScheduleRun[]): z.output<typeof Schedule> => ({
  ...showScheduleInfo(row),
  runs: runs.map(showRun),
});
