import { Fault } from '../../base/fault.ts';
import { timeOfId } from '../../base/ids.ts';
import { onKey, type FirstUse } from '../rules/idempotency.ts';
import type { Idempotency, NewBuild, StoreLimits } from '../store.ts';
import type { Connection } from './connection.ts';
import { toRow } from './rows.ts';

const queueFull = (builds: number): Fault =>
  new Fault(
    'queue_full',
    `${builds} builds are queued, and this host takes no more (limits.queue). Try again when some have ended.`,
    { builds },
  );

const otherBody = (key: string, { kind, id }: FirstUse): Fault =>
  new Fault(
    'idempotency_mismatch',
    `The key ${key} was used for ${kind} ${id} with another body. Use a new key for each request.`,
    { [kind]: id },
  );

const whoIn = ({ requestedBy }: NewBuild) => (requestedBy === undefined ? {} : { by: requestedBy });

type KeyRow = { readonly digest: string; readonly build_id: string | null; readonly run_id: string | null };

const firstUse = ({ digest, build_id, run_id }: KeyRow): FirstUse =>
  run_id === null ? { digest, kind: 'build', id: build_id ?? '' } : { digest, kind: 'run', id: run_id };

/** Requests that clients may send again. To be called within a `read` or a `write`. */
export type Keys = {
  /** What this key made before, if it did: a build or a run of this id. Throws `idempotency_mismatch`. */
  readonly used: (idempotency: Idempotency, kind: FirstUse['kind']) => string | undefined;
  readonly keep: (idempotency: Idempotency, kind: FirstUse['kind'], id: string) => void;
};

export const makeKeys = ({ db }: Pick<Connection, 'db'>): Keys => {
  const byKey = db.prepare<[string, string], KeyRow>(
    'SELECT digest, build_id, run_id FROM idempotency WHERE owner = ? AND key = ?',
  );
  const insert = db.prepare('INSERT INTO idempotency (owner, key, digest, build_id, run_id) VALUES (?, ?, ?, ?, ?)');
  return {
    used: ({ owner, key, digest }, kind) => {
      const row = byKey.get(owner, key);
      const use = onKey(row && firstUse(row), { digest, kind });
      if (use.kind === 'conflict') throw otherBody(key, use.first);
      return use.kind === 'replay' ? use.first.id : undefined;
    },
    keep: ({ owner, key, digest }, kind, id) =>
      insert.run(owner, key, digest, kind === 'build' ? id : null, kind === 'run' ? id : null),
  };
};

/** How many characters the large part of a build comes to. */
export const bytesOf = (build: NewBuild): number => textsOf(build).reduce((sum, { length }) => sum + length, 0);

/** Its template, variables and plan in JSON. */
const textsOf = ({ template, variables, plan }: NewBuild): readonly string[] =>
  [template, variables, plan].map((part) => JSON.stringify(part));

/**
 * Writes the rows of new builds and their first events, to be called within a `write`. `attempts` is how many each has in
 * all. Throws `queue_full`.
 */
export const makeAccept = (
  { db, append }: Connection,
  attempts: number,
  limits: Pick<StoreLimits, 'queued'>,
): ((builds: readonly NewBuild[]) => void) => {
  const insert = db.prepare(`
    INSERT INTO build (id, template_name, template_version, bases, machine, run_id, labels, priority, timeout_ms, on_error,
                       context_id, memory_mb, disk_mb, sensitive, requested_by, attempts_left, created_at)
    VALUES (:id, :template_name, :template_version, :bases, :machine, :run_id, :labels, :priority, :timeout_ms, :on_error,
            :context_id, :memory_mb, :disk_mb, :sensitive, :requested_by, :attempts_left, :created_at)`);
  const insertInput = db.prepare('INSERT INTO build_input (build_id, template, variables, plan) VALUES (?, ?, ?, ?)');
  const insertLabel = db.prepare('INSERT INTO build_label (key, value, build_id) VALUES (?, ?, ?)');
  const queued = db.prepare<[], number>(`SELECT n FROM build_count WHERE status = 'queued'`).pluck();
  return (builds) => {
    if ((queued.get() ?? 0) + builds.length > limits.queued) throw queueFull(limits.queued);
    for (const build of builds) {
      insert.run(toRow(build, attempts, timeOfId(build.id)));
      insertInput.run(build.id, ...textsOf(build));
      for (const [key, value] of Object.entries(build.labels)) insertLabel.run(key, value, build.id);
      append(build.id, 'build.queued', { template: build.templateName, ...whoIn(build) });
    }
  };
};
