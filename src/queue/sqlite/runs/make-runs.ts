import { Fault } from '../../../base/fault.ts';
import { timeOfId } from '../../../base/ids.ts';
import type { Idempotency, NewRun } from '../../asked.ts';
import type { StoredRun } from '../../records.ts';
import type { Store } from '../../store.ts';
import { bytesOf, type makeAccept } from '../accept.ts';
import type { Connection } from '../connection.ts';
import type { StoreKeys } from '../keys.ts';
import type { WriteCancel } from '../ends.ts';
import type { RunRows } from './run-rows.ts';

// Sorts behind every id.
const end = '~';

const toRow = (run: NewRun, builds: number) => ({
  id: run.id,
  template_name: run.templateName,
  template_version: run.templateVersion ?? null,
  parallel: run.parallel ?? null,
  fail_fast: run.failFast ? 1 : 0,
  requested_by: run.requestedBy ?? null,
  rebuild_of: run.rebuildOf ?? null,
  created_at: timeOfId(run.id),
  builds,
});

/** Runs as their clients see them. What they are made of are builds, and end as these do. */
export const makeRuns = (
  { db, read, write }: Connection,
  { find, builds, before }: RunRows,
  facts: {
    readonly accept: ReturnType<typeof makeAccept>;
    readonly keys: StoreKeys;
    readonly writeCancel: WriteCancel;
  },
): Pick<Store, 'addRun' | 'replayRun' | 'findRun' | 'runs' | 'cancelRun'> => {
  const { accept, keys, writeCancel } = facts;
  const insert = db.prepare(`
    INSERT INTO run (id, template_name, template_version, parallel, fail_fast, requested_by, rebuild_of, created_at, builds)
    VALUES (:id, :template_name, :template_version, :parallel, :fail_fast, :requested_by, :rebuild_of, :created_at, :builds)`);

  const seen = (id: string): StoredRun => {
    const run = find(id);
    if (!run) throw new Fault('not_found', `There is no run ${id}.`);
    return run;
  };
  const replay = (idempotency: Idempotency): StoredRun | undefined => {
    const id = keys.used(idempotency, 'run');
    return id === undefined ? undefined : seen(id);
  };

  return {
    replayRun: (idempotency) => read(() => replay(idempotency)),
    addRun: (run, added, idempotency) =>
      write(
        'power',
        () => {
          const first = idempotency && replay(idempotency);
          if (first) return { run: first, replayed: true };
          insert.run(toRow(run, added.length));
          accept(added);
          if (idempotency) keys.keep(idempotency, 'run', run.id);
          return { run: seen(run.id), replayed: false };
        },
        added.reduce((sum, build) => sum + bytesOf(build), 0),
      ),
    findRun: (id) => read(() => find(id)),
    runs: ({ limit, after = end }) =>
      read(() => {
        const found = before(after, limit + 1);
        const items = found.slice(0, limit);
        const last = items.at(-1);
        return found.length > limit && last ? { items, next: last.id } : { items };
      }),
    cancelRun: (id, cancel = {}) =>
      write('power', () => {
        for (const build of builds(id)) writeCancel(build, cancel);
        return find(id);
      }),
  };
};
