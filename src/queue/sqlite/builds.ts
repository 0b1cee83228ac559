import type { Database } from 'better-sqlite3';
import { isEnded } from '../../base/records/status.ts';
import { Fault } from '../../base/fault.ts';
import { timeOfId } from '../../base/ids.ts';
import { onKey, type FirstUse } from '../rules/idempotency.ts';
import type { Build, Idempotency, NewBuild, Store, StoreLimits } from '../store.ts';
import { baseInUse, makeBaseRows } from './bases.ts';
import type { BuildRows } from './build-rows.ts';
import { noSuchBuild, type Connection } from './connection.ts';
import { toRow } from './rows.ts';

const queueFull = (builds: number): Fault =>
  new Fault(
    'queue_full',
    `${builds} builds are queued, and this host takes no more (limits.queue). Try again when some have ended.`,
    { builds },
  );

const otherBody = (key: string, build: string): Fault =>
  new Fault(
    'idempotency_mismatch',
    `The key ${key} was used for build ${build} with another body. Use a new key for each request.`,
    { build },
  );

const stillActive = ({ id, status }: Build): Fault =>
  new Fault('build_active', `Build ${id} is ${status}. Cancel it, then wait for its end.`, { status });

const whoIn = ({ requestedBy }: NewBuild) => (requestedBy === undefined ? {} : { by: requestedBy });

const basesIn = ({ bases = {} }: NewBuild) => {
  const named = Object.entries(bases).map(([asked, build]) => ({ asked, build }));
  return named.length === 0 ? {} : { bases: named };
};

/** Writes the rows of a new build. `texts` are its template, variables and plan in JSON. */
const makeInsert = (db: Database, attempts: number) => {
  const insert = db.prepare(`
    INSERT INTO build (id, template_name, template_version, labels, priority, timeout_ms, on_error, context_id,
                       memory_mb, disk_mb, sensitive, requested_by, attempts_left, created_at)
    VALUES (:id, :template_name, :template_version, :labels, :priority, :timeout_ms, :on_error, :context_id,
            :memory_mb, :disk_mb, :sensitive, :requested_by, :attempts_left, :created_at)`);
  const insertInput = db.prepare('INSERT INTO build_input (build_id, template, variables, plan) VALUES (?, ?, ?, ?)');
  const insertLabel = db.prepare('INSERT INTO build_label (key, value, build_id) VALUES (?, ?, ?)');
  return (build: NewBuild, texts: readonly string[]): void => {
    insert.run(toRow(build, attempts, timeOfId(build.id)));
    insertInput.run(build.id, ...texts);
    for (const [key, value] of Object.entries(build.labels)) insertLabel.run(key, value, build.id);
  };
};

/** Builds as their clients see them: accepted, looked at, removed. `attempts` is how many each has in all. */
export const makeBuilds = (
  { db, read, write, append, touch }: Connection,
  { find, input }: BuildRows,
  attempts: number,
  limits: Pick<StoreLimits, 'queued'>,
): Pick<Store, 'add' | 'replay' | 'find' | 'input' | 'remove'> => {
  const insert = makeInsert(db, attempts);
  const insertKey = db.prepare('INSERT INTO idempotency (owner, key, digest, build_id) VALUES (?, ?, ?, ?)');
  const byKey = db.prepare<[string, string], FirstUse>(
    'SELECT digest, build_id AS build FROM idempotency WHERE owner = ? AND key = ?',
  );
  const queued = db.prepare<[], number>(`SELECT n FROM build_count WHERE status = 'queued'`).pluck();
  const bases = makeBaseRows({ db });
  const remove = db.prepare<[string]>('DELETE FROM build WHERE id = ?');

  const seen = (id: string): Build => {
    const build = find(id);
    if (!build) throw noSuchBuild(id);
    return build;
  };
  const replay = ({ owner, key, digest }: Idempotency): Build | undefined => {
    const use = onKey(byKey.get(owner, key), digest);
    if (use.kind === 'conflict') throw otherBody(key, use.build);
    return use.kind === 'replay' ? seen(use.build) : undefined;
  };
  return {
    replay: (idempotency) => read(() => replay(idempotency)),
    add: (build, idempotency) => {
      const texts = [build.template, build.variables, build.plan].map((part) => JSON.stringify(part));
      const bytes = texts.reduce((sum, { length }) => sum + length, 0);
      const accept = () => {
        const first = idempotency && replay(idempotency);
        if (first) return { build: first, replayed: true };
        if ((queued.get() ?? 0) >= limits.queued) throw queueFull(limits.queued);
        insert(build, texts);
        bases.add(build.id, build.bases ?? {});
        if (idempotency) insertKey.run(idempotency.owner, idempotency.key, idempotency.digest, build.id);
        append(build.id, 'build.queued', { template: build.templateName, ...whoIn(build), ...basesIn(build) });
        return { build: seen(build.id), replayed: false };
      };
      return write('power', accept, bytes);
    },
    find: (id) => read(() => find(id)),
    input: (id) => read(() => input(id)),
    remove: (id) =>
      write('power', () => {
        const build = find(id);
        if (!build) return false;
        if (!isEnded(build.status)) throw stillActive(build);
        const user = bases.user(id);
        if (user !== undefined) throw baseInUse(user);
        touch(id);
        return remove.run(id).changes > 0;
      }),
  };
};
