import { Fault } from '../../base/fault.ts';
import { timeOfId } from '../../base/ids.ts';
import type { NewBuild } from '../asked.ts';
import type { StoreLimits } from '../store.ts';
import { makeSourceRows } from './again/sources.ts';
import { makeBaseRows } from './bases.ts';
import type { Connection } from './connection.ts';
import { places } from './encryption/columns.ts';
import type { Outbox } from './notify/outbox.ts';
import { toRow } from './rows.ts';

const queueFull = (builds: number): Fault =>
  new Fault(
    'queue_full',
    `${builds} builds are queued, and this host takes no more (limits.queue). Try again when some have ended.`,
    { builds },
  );

const whoIn = ({ requestedBy }: NewBuild) => (requestedBy === undefined ? {} : { by: requestedBy });

const basesIn = ({ bases = {} }: NewBuild) => {
  const named = Object.entries(bases).map(([asked, build]) => ({ asked, build }));
  return named.length === 0 ? {} : { bases: named };
};

/** Its template, variables and plan in JSON. */
const textsOf = ({ template, variables, plan }: NewBuild): readonly string[] =>
  [template, variables, plan].map((part) => JSON.stringify(part));

/** How many characters the large part of a build comes to. */
export const bytesOf = (build: NewBuild): number => textsOf(build).reduce((sum, { length }) => sum + length, 0);

/**
 * Writes the rows of new builds and their first events, to be called within a `write`. `attempts` is how many each has in
 * all. Throws `queue_full`, `template_invalid` where a build that one begins with is gone, and `not_found` where the build that
 * one is made of again is.
 */
export const makeAccept = (
  { db, append, encryption }: Connection,
  attempts: number,
  limits: Pick<StoreLimits, 'queued'>,
  outbox: Pick<Outbox, 'keep'>,
): ((builds: readonly NewBuild[]) => void) => {
  const insert = db.prepare(`
    INSERT INTO build (id, template_name, template_version, extended, machine, run_id, labels, priority, timeout_ms, on_error, debug, force, cache,
                       context_id, memory_mb, disk_mb, sensitive, requested_by, retry_of, rebuild_of, attempts_left, created_at)
    VALUES (:id, :template_name, :template_version, :extended, :machine, :run_id, :labels, :priority, :timeout_ms, :on_error, :debug, :force, :cache,
            :context_id, :memory_mb, :disk_mb, :sensitive, :requested_by, :retry_of, :rebuild_of, :attempts_left, :created_at)`);
  const insertInput = db.prepare(
    'INSERT INTO build_input (build_id, template, variables, plan, began_with) VALUES (?, ?, ?, ?, ?)',
  );
  const insertLabel = db.prepare('INSERT INTO build_label (key, value, build_id) VALUES (?, ?, ?)');
  const queued = db.prepare<[], number>(`SELECT n FROM build_count WHERE status = 'queued'`).pluck();
  const bases = makeBaseRows({ db });
  const source = makeSourceRows({ db, append });
  return (builds) => {
    if ((queued.get() ?? 0) + builds.length > limits.queued) throw queueFull(limits.queued);
    for (const build of builds) {
      insert.run(toRow(build, attempts, timeOfId(build.id)));
      insertInput.run(
        build.id,
        encryption.encrypt(build.template, places.template(build.id)),
        encryption.encrypt(build.variables, places.variables(build.id)),
        JSON.stringify(build.plan),
        build.beganWith === undefined ? null : JSON.stringify(build.beganWith),
      );
      for (const [key, value] of Object.entries(build.labels)) insertLabel.run(key, value, build.id);
      bases.add(build.id, build.bases ?? {});
      outbox.keep(build.id, build.notify ?? []);
      append(build.id, 'build.queued', { template: build.templateName, ...whoIn(build), ...basesIn(build) });
      source.mark(build);
    }
  };
};
