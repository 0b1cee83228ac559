import type { NewBuild } from '../../asked.ts';
import { noSuchBuild, type Connection } from '../connection.ts';
import { makeChanges } from '../keeping/changes.ts';

/** The builds that others were made of again. */
export const makeSourceRows = ({ db, append }: Pick<Connection, 'db' | 'append'>) => {
  // What is going takes its context along.
  const there = db.prepare<[string], string>('SELECT id FROM build WHERE id = ? AND going = 0').pluck();
  const retried = db.prepare<[string, string]>('UPDATE build SET retried_by = ? WHERE id = ?');
  const changes = makeChanges({ db });
  return {
    /**
     * Within a write that adds this build: says in the build that it is made of again what came of it. Throws `not_found`
     * where that is gone, or going, and `changes_exhausted`.
     */
    mark: ({ id, retryOf, rebuildOf, requestedBy }: NewBuild): void => {
      const source = retryOf ?? rebuildOf;
      if (source === undefined) return;
      if (there.get(source) === undefined) throw noSuchBuild(source);
      if (retryOf === undefined) return;
      changes.check(retryOf);
      retried.run(id, retryOf);
      append(retryOf, 'build.retried', { ...(requestedBy === undefined ? {} : { by: requestedBy }), build: id });
    },
  };
};
