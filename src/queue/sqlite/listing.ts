import type { Statement } from 'better-sqlite3';
import { encodeTime } from 'ulid';
import type { Status } from '../../base/records/status.ts';
import type { Connection } from './connection.ts';
import { toBuild } from './rows.ts';
import type { BuildRow } from './rows.ts';
import type { BuildFilter } from '../records.ts';
import type { Store } from '../store.ts';

type Shape = {
  readonly status: boolean;
  readonly active: boolean;
  readonly template: boolean;
  readonly labels: boolean;
  readonly run: boolean;
};

type Bounds = {
  readonly before: string;
  readonly from: string;
  readonly limit: number;
  readonly status: string | null;
  readonly template: string | null;
  readonly run: string | null;
  readonly key: string | null;
  readonly value: string | null;
  /** The other labels, as a JSON object. */
  readonly others: string;
};

// Sorts behind every id.
const end = '~';

// A ULID has 48 bits of time (github.com/ulid/spec).
const lastTime = 2 ** 48 - 1;

/** Sorts before every id that was made at this time or later. */
const firstIdOf = (time: number): string => encodeTime(Math.min(Math.max(0, Math.ceil(time)), lastTime), 10);

/**
 * The statement for a filter. Ids sort by time, so every index that ends in the id gives its builds newest first and
 * can begin anywhere: no sorting, no counting of what came before. Where there are labels they lead, since they are
 * the rarest; but few builds are active, so a status that says so leads before them.
 */
export const listSql = ({ status, active, template, labels, run }: Shape): string => {
  // A run has few builds, and an index of its own.
  const leads = labels && !active && !run;
  return [
    'SELECT build.* FROM',
    // CROSS JOIN: SQLite keeps the order of the tables (sqlite.org/optoverview.html).
    leads
      ? 'build_label AS led CROSS JOIN build ON build.id = led.build_id'
      : `build${run ? ' INDEXED BY build_by_run' : ''}`,
    leads
      ? 'WHERE led.key = :key AND led.value = :value AND led.build_id < :before AND led.build_id >= :from'
      : 'WHERE build.id < :before AND build.id >= :from',
    status ? 'AND build.status = :status' : '',
    template ? 'AND build.template_name = :template' : '',
    run ? 'AND build.run_id = :run' : '',
    labels && !leads
      ? `AND EXISTS (SELECT 1 FROM build_label AS own
                     WHERE own.key = :key AND own.value = :value AND own.build_id = build.id)`
      : '',
    labels
      ? `AND NOT EXISTS (SELECT 1 FROM json_each(:others) AS other WHERE NOT EXISTS (
           SELECT 1 FROM build_label AS own
           WHERE own.key = other.key AND own.value = other.value AND own.build_id = build.id))`
      : '',
    leads ? 'ORDER BY led.build_id DESC' : 'ORDER BY build.id DESC',
    'LIMIT :limit',
  ].join(' ');
};

const shapeOf = (status: Status | undefined, { template, labels, runId }: BuildFilter): Shape => ({
  status: status !== undefined,
  active: status === 'queued' || status === 'running' || status === 'held',
  template: template !== undefined,
  labels: Object.keys(labels ?? {}).length > 0,
  run: runId !== undefined,
});

/** Lists builds by filter, newest first. At most 48 statements, each prepared when it is first needed. */
export const makeListing = ({ db, read }: Connection): Pick<Store, 'list'> => {
  const statements = new Map<string, Statement<[Bounds], BuildRow>>();

  const statementFor = (shape: Shape) => {
    const sql = listSql(shape);
    const statement = statements.get(sql) ?? db.prepare<[Bounds], BuildRow>(sql);
    statements.set(sql, statement);
    return statement;
  };

  const newest = (status: Status | undefined, filter: BuildFilter, limit: number, after: string): BuildRow[] => {
    const [[key, value] = [null, null], ...others] = Object.entries(filter.labels ?? {});
    return statementFor(shapeOf(status, filter)).all({
      before: after,
      from: filter.since === undefined ? '' : firstIdOf(filter.since),
      limit,
      status: status ?? null,
      template: filter.template ?? null,
      run: filter.runId ?? null,
      key,
      value,
      others: JSON.stringify(Object.fromEntries(others)),
    });
  };

  return {
    list: (filter, { limit, after = end }) =>
      read(() => {
        // Each status has its own place in the indexes: its newest are read in order, and merged here.
        const rows = (filter.statuses ?? [undefined])
          .flatMap((status) => newest(status, filter, limit + 1, after))
          .sort((one, other) => (one.id < other.id ? 1 : -1));
        const items = rows.slice(0, limit).map(toBuild);
        const last = items.at(-1);
        return rows.length > limit && last ? { items, next: last.id } : { items };
      }),
  };
};
