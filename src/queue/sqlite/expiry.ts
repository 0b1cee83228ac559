import type { Connection } from './connection.ts';
import { userOfBase } from './bases.ts';
import type { Store } from '../store.ts';

export const expiredSql = `
  SELECT id, ended_at FROM build WHERE ended_at IS NOT NULL AND NOT EXISTS (${userOfBase('build.id')})
  ORDER BY ended_at, id LIMIT ?`;

export const endedSql = `SELECT sum(n) AS n FROM build_count WHERE status IN ('succeeded', 'failed', 'cancelled')`;

export const contextsSql = `
  SELECT context_id FROM build WHERE context_id IS NOT NULL
  UNION ALL SELECT context_id FROM template_version WHERE context_id IS NOT NULL`;

/** What is no longer needed, and what still is. */
export const makeExpiry = ({ db, read }: Connection): Pick<Store, 'expired' | 'contexts'> => {
  const oldest = db.prepare<[number], { readonly id: string; readonly ended_at: number }>(expiredSql);
  const ended = db.prepare<[], { readonly n: number }>(endedSql);
  const contexts = db.prepare<[], { readonly context_id: string }>(contextsSql);
  return {
    expired: ({ keep, olderThan, limit }) =>
      read(() => {
        const tooMany = (ended.get()?.n ?? 0) - keep;
        return oldest
          .all(limit)
          .filter(({ ended_at }, at) => at < tooMany || ended_at < olderThan)
          .map(({ id }) => id);
      }),
    contexts: () => read(() => new Set(contexts.all().map(({ context_id }) => context_id))),
  };
};
