import type { Status } from '../../base/records/status.ts';
import { timeOfId } from '../../base/ids.ts';
import type { Store } from '../store.ts';
import type { Connection } from './connection.ts';

export const countsSql = 'SELECT status, n FROM build_count';

// Ids sort by time.
export const oldestQueuedSql = `SELECT min(id) FROM build WHERE status = 'queued'`;

const none: Readonly<Record<Status, number>> = {
  queued: 0,
  running: 0,
  held: 0,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
};

/** Figures about all builds, which cost the same however many there are. */
export const makeCounts = ({ db, read }: Connection): Pick<Store, 'counts' | 'oldestQueued'> => {
  const counts = db.prepare<[], { readonly status: Status; readonly n: number }>(countsSql);
  const oldestQueued = db.prepare<[], string | null>(oldestQueuedSql).pluck();
  return {
    counts: () =>
      read(() => {
        const numbers = { ...none };
        for (const { status, n } of counts.all()) numbers[status] = n;
        return numbers;
      }),
    oldestQueued: () =>
      read(() => {
        const id = oldestQueued.get();
        return typeof id === 'string' ? timeOfId(id) : undefined;
      }),
  };
};
