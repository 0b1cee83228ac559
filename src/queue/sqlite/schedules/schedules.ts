import { scheduleBounds } from '../../../base/bounds.ts';
import { Fault } from '../../../base/fault.ts';
import type { ScheduleStore } from '../../schedules.ts';
import type { Connection } from '../connection.ts';
import { toSchedule, toScheduleRow, toScheduleRun, type ScheduleRunRow, type ScheduleRow } from './rows.ts';

const full = (): Fault =>
  new Fault(
    'schedules_full',
    `This host keeps ${scheduleBounds.schedules} schedules at most. Replace one that is there, or delete one.`,
  );

/** Schedules as their clients see them. */
const makeKept = ({
  db,
  clock,
  read,
  write,
  forget,
  encryption,
}: Connection): Pick<ScheduleStore, 'putSchedule' | 'schedule' | 'schedules' | 'removeSchedule'> => {
  const byName = db.prepare<[string], ScheduleRow>('SELECT * FROM schedule WHERE name = ?');
  const after = db.prepare<[string, number], ScheduleRow>(
    'SELECT * FROM schedule WHERE name > ? ORDER BY name LIMIT ?',
  );
  const count = db.prepare<[], number>('SELECT count(*) FROM schedule').pluck();
  const remove = db.prepare<[string]>('DELETE FROM schedule WHERE name = ?');
  const put = db.prepare<[ReturnType<typeof toScheduleRow>], ScheduleRow>(`
    INSERT INTO schedule (name, template, machine, variables, sensitive, labels, cron, time_zone, skip_unchanged, paused,
                          requested_by, created_at, updated_at, next_at)
    VALUES (:name, :template, :machine, :variables, :sensitive, :labels, :cron, :time_zone, :skip_unchanged, :paused,
            :requested_by, :now, :now, :next_at)
    ON CONFLICT (name) DO UPDATE SET
      template = :template, machine = :machine, variables = :variables, sensitive = :sensitive, labels = :labels,
      cron = :cron, time_zone = :time_zone, skip_unchanged = :skip_unchanged, paused = :paused,
      requested_by = :requested_by, updated_at = :now, next_at = :next_at
    RETURNING *`);
  return {
    putSchedule: (schedule, nextAt) =>
      write('power', () => {
        const created = byName.get(schedule.name) === undefined;
        if (created && (count.get() ?? 0) >= scheduleBounds.schedules) throw full();
        const row = put.get(toScheduleRow(schedule, nextAt, clock.now(), encryption));
        // RETURNING gives the row that was written.
        if (row === undefined) throw new Error('a schedule was written and is not there');
        forget();
        return { schedule: toSchedule(row, encryption), created };
      }),
    schedule: (name) =>
      read(() => {
        const row = byName.get(name);
        return row && toSchedule(row, encryption);
      }),
    schedules: ({ limit, after: from = '' }) =>
      read(() => {
        const rows = after.all(from, limit + 1).map((row) => toSchedule(row, encryption));
        const items = rows.slice(0, limit);
        const last = items.at(-1);
        return rows.length > limit && last ? { items, next: last.name } : { items };
      }),
    removeSchedule: (name) =>
      write('power', () => {
        forget();
        return remove.run(name).changes > 0;
      }),
  };
};

/** Their times, and what became of those. */
export const makeSchedules = (connection: Connection): ScheduleStore => {
  const { db, clock, read, write, encryption } = connection;
  const due = db.prepare<[number, string], ScheduleRow>(`
    SELECT * FROM schedule WHERE next_at <= ? AND name NOT IN (SELECT value FROM json_each(?)) ORDER BY next_at LIMIT 1`);
  const next = db
    .prepare<[string], number | null>(
      'SELECT min(next_at) FROM schedule WHERE name NOT IN (SELECT value FROM json_each(?))',
    )
    .pluck();
  const insert = db.prepare(`
    INSERT INTO schedule_run (schedule, n, due_at, at, outcome, build_id, why, inputs, by)
    SELECT name, 1 + coalesce((SELECT max(n) FROM schedule_run WHERE schedule = name), 0),
           :dueAt, :at, :outcome, :buildId, :why, :inputs, :by
    FROM schedule WHERE name = :name`);
  const over = db.prepare<[number, string, number]>('UPDATE schedule SET next_at = ? WHERE name = ? AND next_at = ?');
  const forgetOld = db.prepare<[{ readonly name: string; readonly keep: number }]>(`
    DELETE FROM schedule_run WHERE schedule = :name
      AND n <= (SELECT max(n) FROM schedule_run WHERE schedule = :name) - :keep`);
  const runs = db.prepare<[string, number], ScheduleRunRow>(
    'SELECT * FROM schedule_run WHERE schedule = ? ORDER BY n DESC LIMIT ?',
  );
  const builds = db.prepare<[string], { readonly id: string; readonly status: string; readonly inputs: string }>(`
    SELECT build.id, build.status, schedule_run.inputs FROM schedule_run JOIN build ON build.id = schedule_run.build_id
    WHERE schedule = ? ORDER BY n DESC`);
  return {
    ...makeKept(connection),
    dueSchedule: (resting) =>
      read(() => {
        const row = due.get(clock.now(), JSON.stringify(resting));
        return row && toSchedule(row, encryption);
      }),
    nextSchedule: (resting) => read(() => next.get(JSON.stringify(resting)) ?? undefined),
    scheduleRan: (name, run, nextAt) =>
      write('power', () => {
        const { dueAt, at, outcome, by = null } = run;
        const end =
          run.outcome === 'started'
            ? { buildId: run.buildId, inputs: run.inputs, why: null }
            : { buildId: null, inputs: null, why: run.why };
        insert.run({ name, dueAt, at, outcome, by, ...end });
        if (nextAt !== undefined) over.run(nextAt, name, dueAt);
        forgetOld.run({ name, keep: scheduleBounds.runs });
      }),
    scheduleRuns: (name, limit) => read(() => runs.all(name, limit).map(toScheduleRun)),
    scheduleBuilds: (name) => read(() => builds.all(name)),
  };
};
