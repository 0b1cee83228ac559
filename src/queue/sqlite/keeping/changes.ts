import { mayChange } from '../../rules/changes.ts';
import type { Connection } from '../connection.ts';

/** What clients change of builds again and again: each time is an event, and of these a build has so many. */
export const makeChanges = ({ db }: Pick<Connection, 'db'>) => {
  const count = db
    .prepare<[string], number>(
      `SELECT count(*) FROM build_event
       WHERE build_id = ? AND (type IN ('build.pinned', 'build.retried')
                               OR (type = 'build.held' AND json_extract(data, '$.fault') IS NULL)
                               OR (type = 'build.resumed' AND json_extract(data, '$.from') IS NOT NULL))`,
    )
    .pluck();
  return {
    /** Within a write. Throws `changes_exhausted`. */
    check: (id: string): void => mayChange(id, count.get(id) ?? 0),
  };
};
