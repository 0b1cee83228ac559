import { checkMove } from '../../rules/status.ts';
import type { Resumption } from '../../records.ts';
import type { Store } from '../../store.ts';
import type { BuildRows } from '../build-rows.ts';
import type { Connection } from '../connection.ts';
import { places } from '../encryption/columns.ts';
import { makeChanges } from '../keeping/changes.ts';

/** How held builds go on. */
export const makeResume = (
  { db, write, append, encryption }: Connection,
  { claimed }: BuildRows,
): Pick<Store, 'resume'> => {
  const run = db.prepare<[string]>(
    `UPDATE build SET status = 'running', hold_until = NULL, hold_ssh = NULL, fault = NULL WHERE id = ?`,
  );
  const setInput = db.prepare<[string, string, string, string | null, string]>(
    'UPDATE build_input SET template = ?, variables = ?, plan = ?, began_with = ? WHERE build_id = ?',
  );
  // The endpoint of its machine serves files of the context that it was started with.
  const setContext = db.prepare<[string | null, string, string]>(
    'UPDATE build SET first_context_id = coalesce(first_context_id, context_id), context_id = ?, sensitive = ? WHERE id = ?',
  );
  const mend = (
    id: string,
    { template, variables, plan, contextId, sensitive, beganWith }: NonNullable<Resumption['mended']>,
  ): void => {
    const began = beganWith === undefined ? null : JSON.stringify(beganWith);
    setInput.run(
      encryption.encrypt(template, places.template(id)),
      encryption.encrypt(variables, places.variables(id)),
      ...([JSON.stringify(plan), began, id] as const),
    );
    setContext.run(contextId ?? null, JSON.stringify(sensitive), id);
  };
  const changes = makeChanges({ db });
  return {
    resume: (id, token, { by, from, mended }) =>
      write('power', () => {
        checkMove(claimed(id, token), 'running');
        changes.check(id);
        run.run(id);
        if (mended !== undefined) mend(id, mended);
        append(id, 'build.resumed', { by, from, ...(mended === undefined ? {} : { mended: true }) });
      }),
  };
};
