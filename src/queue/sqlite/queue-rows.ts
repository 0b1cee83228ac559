import { headBy, suspectAmong, type FirstOf, type Started } from '../rules/order.ts';
import { fullRuns } from '../rules/run.ts';
import type { Demand } from '../asked.ts';
import type { Store } from '../store.ts';
import type { BuildRows } from './build-rows.ts';
import type { Connection } from './connection.ts';
import { toBuild, type BuildRow } from './rows.ts';

// What a build takes is in the index build_queue, so that those that are passed are never read.
const inOrder = `FROM build WHERE status = 'queued' AND not_before <= :now AND memory_mb <= :memoryMb AND disk_mb <= :diskMb
  AND suspect <= :suspects AND (run_id IS NULL OR run_id NOT IN (SELECT value FROM json_each(:full) AS other))
  ORDER BY priority DESC, id LIMIT 1`;

/** The first of the queue, as `FirstOf` has it. */
export const firstSql = `SELECT * FROM build WHERE id = (SELECT id ${inOrder})`;

export const startedSql = `
  SELECT build.id, status, suspect, lease_until, claimed_at, memory_mb, disk_mb, run_id, run.parallel
  FROM build LEFT JOIN run ON run.id = build.run_id WHERE status IN ('running', 'held')`;

export const positionSql = `
  SELECT 1 + (SELECT count(*) FROM build WHERE status = 'queued' AND priority > :priority)
           + (SELECT count(*) FROM build WHERE status = 'queued' AND priority = :priority AND id < :id) AS position`;

export const tooLargeSql = `
  SELECT count(*) AS builds, min(id) AS oldest FROM build
  WHERE status = 'queued' AND (memory_mb > :memoryMb OR disk_mb > :diskMb)`;

export const nextDueSql = `SELECT min(not_before) AS due FROM build WHERE status = 'queued' AND not_before > ?`;

export const aheadSql = `
  SELECT id, template_name, machine, not_before, memory_mb, disk_mb
  FROM build WHERE status = 'queued' ORDER BY priority DESC, id LIMIT ?`;

type AheadRow = Pick<BuildRow, 'id' | 'template_name' | 'machine' | 'not_before' | 'memory_mb' | 'disk_mb'>;

type FirstAsk = Demand & { readonly now: number; readonly suspects: 0 | 1; readonly full: string };

type StartedRow = Pick<BuildRow, 'id' | 'suspect' | 'memory_mb' | 'disk_mb' | 'run_id'> & {
  readonly status: Started['status'];
  readonly lease_until: number;
  readonly claimed_at: number;
  readonly parallel: number | null;
};

const toStarted = (row: StartedRow): Started => ({
  id: row.id,
  status: row.status,
  isSuspect: row.suspect === 1,
  leaseUntil: row.lease_until,
  claimedAt: row.claimed_at,
  demand: { memoryMb: row.memory_mb, diskMb: row.disk_mb },
  ...(row.run_id === null
    ? {}
    : { run: { id: row.run_id, ...(row.parallel === null ? {} : { parallel: row.parallel }) } }),
});

/** The queue as it stands, for those who claim from it and those who ask about it. */
export type QueueRows = {
  readonly firstAt: (now: number) => FirstOf;
  /** What runs or is held. */
  readonly started: () => readonly Started[];
};

export const makeQueueRows = ({ db }: Pick<Connection, 'db'>): QueueRows => {
  const first = db.prepare<[FirstAsk], BuildRow>(firstSql);
  const started = db.prepare<[], StartedRow>(startedSql);
  return {
    firstAt:
      (now) =>
      ({ memoryMb, diskMb }, suspects, full) => {
        const row = first.get({
          ...{ now, memoryMb, diskMb },
          suspects: suspects === 'too' ? 1 : 0,
          full: JSON.stringify(full),
        });
        return row && toBuild(row);
      },
    started: () => started.all().map(toStarted),
  };
};

/** What is asked about the queue. */
export const makeQueue = (
  { db, clock, read }: Connection,
  { find }: BuildRows,
  { firstAt, started }: QueueRows,
): Pick<Store, 'nextDue' | 'suspect' | 'placeInQueue' | 'queueAhead' | 'tooLargeFor'> => {
  const position = db.prepare<[{ readonly id: string; readonly priority: number }], number>(positionSql).pluck();
  const tooLarge = db.prepare<[Demand], { readonly builds: number; readonly oldest: string | null }>(tooLargeSql);
  const ahead = db.prepare<[number], AheadRow>(aheadSql);
  const nextDue = db.prepare<[number], { readonly due: number | null }>(nextDueSql);

  return {
    nextDue: (after = -1) => read(() => nextDue.get(after)?.due ?? undefined),
    suspect: () =>
      read(() => {
        const now = clock.now();
        const all = started();
        return suspectAmong(headBy(firstAt(now), all), all, now);
      }),
    placeInQueue: (id, { whole }) =>
      read(() => {
        const build = find(id);
        if (build?.status !== 'queued') return undefined;
        const all = started();
        const head = firstAt(clock.now())(whole, 'too', fullRuns(all));
        return {
          position: position.get({ id, priority: build.priority }) ?? 1,
          ...(head === undefined ? {} : { first: head }),
          started: all,
        };
      }),
    queueAhead: (limit) =>
      read(() =>
        ahead.all(limit).map((row) => ({
          id: row.id,
          templateName: row.template_name,
          ...(row.machine === null ? {} : { machine: row.machine }),
          notBefore: row.not_before,
          demand: { memoryMb: row.memory_mb, diskMb: row.disk_mb },
        })),
      ),
    tooLargeFor: (whole) =>
      read(() => {
        const found = tooLarge.get(whole);
        const oldest = found?.oldest == null ? undefined : find(found.oldest);
        return found && oldest && { builds: found.builds, first: oldest };
      }),
  };
};
