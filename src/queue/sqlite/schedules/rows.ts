import type { NewSchedule, Schedule, ScheduleRun } from '../../schedules.ts';
import { places } from '../encryption/columns.ts';
import type { Encryption } from '../encryption/encryption.ts';
import { parsed } from '../rows.ts';

/** A row of `schedule`, as the migrations have it. */
export type ScheduleRow = {
  readonly name: string;
  readonly template: string;
  readonly machine: string | null;
  readonly variables: string;
  readonly sensitive: string;
  readonly labels: string;
  readonly cron: string;
  readonly time_zone: string;
  readonly skip_unchanged: number;
  readonly paused: number;
  readonly requested_by: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly next_at: number | null;
};

export const toSchedule = (row: ScheduleRow, { decrypt }: Encryption): Schedule => ({
  name: row.name,
  template: row.template,
  ...(row.machine === null ? {} : { machine: row.machine }),
  variables: decrypt<Schedule['variables']>(row.variables, places.schedule(row.name)),
  sensitive: parsed<Schedule['sensitive']>(row.sensitive),
  labels: parsed<Schedule['labels']>(row.labels),
  cron: row.cron,
  timeZone: row.time_zone,
  skipUnchanged: row.skip_unchanged === 1,
  paused: row.paused === 1,
  ...(row.requested_by === null ? {} : { requestedBy: row.requested_by }),
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  ...(row.next_at === null ? {} : { nextAt: row.next_at }),
});

export const toScheduleRow = (
  schedule: NewSchedule,
  nextAt: number | undefined,
  now: number,
  { encrypt }: Encryption,
) => ({
  name: schedule.name,
  template: schedule.template,
  machine: schedule.machine ?? null,
  variables: encrypt(schedule.variables, places.schedule(schedule.name)),
  sensitive: JSON.stringify(schedule.sensitive),
  labels: JSON.stringify(schedule.labels),
  cron: schedule.cron,
  time_zone: schedule.timeZone,
  skip_unchanged: schedule.skipUnchanged ? 1 : 0,
  paused: schedule.paused ? 1 : 0,
  requested_by: schedule.requestedBy ?? null,
  now,
  next_at: nextAt ?? null,
});

/** A row of `schedule_run`. */
export type ScheduleRunRow = {
  readonly due_at: number;
  readonly at: number;
  readonly outcome: ScheduleRun['outcome'];
  readonly build_id: string | null;
  readonly why: string | null;
  readonly inputs: string | null;
  readonly by: string | null;
};

export const toScheduleRun = (row: ScheduleRunRow): ScheduleRun => ({
  ...{ dueAt: row.due_at, at: row.at },
  ...(row.by === null ? {} : { by: row.by }),
  ...(row.outcome === 'started'
    ? { outcome: 'started', buildId: row.build_id ?? '', inputs: row.inputs ?? '' }
    : { outcome: row.outcome, why: row.why ?? '' }),
});
