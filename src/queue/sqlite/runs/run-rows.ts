import type { Build, StoredRun } from '../../records.ts';
import { runStatusOf } from '../../rules/run.ts';
import type { Connection } from '../connection.ts';
import { toBuild, type BuildRow } from '../rows.ts';

/** A row of `run`, as the migrations have it. */
export type RunRow = {
  readonly id: string;
  readonly template_name: string;
  readonly template_version: number | null;
  readonly parallel: number | null;
  readonly fail_fast: number;
  readonly requested_by: string | null;
  readonly rebuild_of: string | null;
  readonly created_at: number;
  readonly builds: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly ended_at: number | null;
  readonly version: number;
};

const toRun = (row: RunRow, builds: readonly Build[]): StoredRun => ({
  id: row.id,
  status: runStatusOf({ ...row, queued: builds.filter(({ status }) => status === 'queued').length }),
  templateName: row.template_name,
  ...(row.template_version === null ? {} : { templateVersion: row.template_version }),
  ...(row.parallel === null ? {} : { parallel: row.parallel }),
  failFast: row.fail_fast === 1,
  ...(row.requested_by === null ? {} : { requestedBy: row.requested_by }),
  ...(row.rebuild_of === null ? {} : { rebuildOf: row.rebuild_of }),
  createdAt: row.created_at,
  ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
  machines: row.builds,
  builds,
  version: row.version,
});

/** A run by its id, for every part of the store. */
export type RunRows = {
  readonly row: (id: string) => RunRow | undefined;
  /** Its builds that are still there, in the order of its machines: ids sort as they were made. */
  readonly builds: (id: string) => readonly Build[];
  readonly find: (id: string) => StoredRun | undefined;
  /** The newest before this id. */
  readonly before: (id: string, limit: number) => readonly StoredRun[];
};

export const makeRunRows = ({ db }: Pick<Connection, 'db'>): RunRows => {
  const byId = db.prepare<[string], RunRow>('SELECT * FROM run WHERE id = ?');
  const buildsOf = db.prepare<[string], BuildRow>('SELECT * FROM build WHERE run_id = ? ORDER BY id');
  const newest = db.prepare<[string, number], RunRow>('SELECT * FROM run WHERE id < ? ORDER BY id DESC LIMIT ?');
  const builds = (id: string) => buildsOf.all(id).map(toBuild);
  return {
    row: (id) => byId.get(id),
    builds,
    find: (id) => {
      const row = byId.get(id);
      return row && toRun(row, builds(id));
    },
    before: (id, limit) => newest.all(id, limit).map((row) => toRun(row, builds(row.id))),
  };
};
