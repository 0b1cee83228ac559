import type { Store } from '../../store.ts';
import type { Connection } from '../connection.ts';
import { userOfBase } from '../bases.ts';
import { parsed } from '../rows.ts';

/** In pages, the newest first: (ended_at, id) is the place of a build. */
export const endedSql = `
  SELECT id, ended_at, template_name, labels, status = 'succeeded' AS succeeded,
         (SELECT total(size) FROM artifact WHERE build_id = build.id) AS bytes,
         pinned_at IS NOT NULL OR EXISTS (${userOfBase('build.id')}) AS kept
  FROM build WHERE ended_at IS NOT NULL AND (ended_at, id) < (?, ?)
  ORDER BY ended_at DESC, id DESC LIMIT ?`;

export const contextsSql = `
  SELECT context_id FROM build WHERE context_id IS NOT NULL
  UNION ALL SELECT first_context_id FROM build WHERE first_context_id IS NOT NULL
  UNION ALL SELECT context_id FROM template_version WHERE context_id IS NOT NULL`;

type EndedRow = {
  readonly id: string;
  readonly ended_at: number;
  readonly template_name: string;
  readonly labels: string;
  readonly succeeded: number;
  readonly bytes: number;
  readonly kept: number;
};

/** What is no longer needed, and what still is. */
export const makeExpiry = ({ db, read }: Connection): Pick<Store, 'ended' | 'contexts'> => {
  const page = db.prepare<[number, string, number], EndedRow>(endedSql);
  const contexts = db.prepare<[], { readonly context_id: string }>(contextsSql);
  return {
    ended: ({ before, limit }) =>
      read(() =>
        page
          .all(before?.endedAt ?? Number.MAX_SAFE_INTEGER, before?.id ?? '', limit)
          .map(({ id, ended_at, template_name, labels, succeeded, bytes, kept }) => ({
            ...{ id, endedAt: ended_at, templateName: template_name, labels: parsed<Record<string, string>>(labels) },
            ...{ hasSucceeded: succeeded === 1, bytes, isKept: kept === 1 },
          })),
      ),
    contexts: () => read(() => new Set(contexts.all().map(({ context_id }) => context_id))),
  };
};
