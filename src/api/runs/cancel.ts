import { CancelBody } from '../builds/end.ts';
import type { View } from '../builds/view.ts';
import { answers, etagHeader, json } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { asker } from '../server/authentication/auth.ts';
import { checked } from '../server/field-errors.ts';
import type { ApiParts } from '../types.ts';
import { findRun, noRun } from './found.ts';
import { RunParams } from './request.ts';
import { Run } from './schema.ts';
import { showRun } from './view.ts';

/** Cancelling all builds of a run. */
export const addRunCancelRoute = (app: App, { store, live }: ApiParts, view: View): void => {
  app.post('/runs/:id/cancel', {
    config: { scope: 'builds:write' },
    schema: {
      tags: ['Runs'],
      operationId: 'cancelRun',
      summary: 'Cancel a run',
      description: 'Each of its builds that has not ended is cancelled, as by `POST /builds/{id}/cancel`. Idempotent.',
      params: RunParams,
      accepts: { 'application/json': CancelBody },
      response: answers({ 202: json(Run, 'The run as it stands now.', etagHeader) }, [400, 404]),
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const { reason } = checked(CancelBody, request.body ?? {}, 'body');
      const before = await findRun(store, id);
      const run = await store.cancelRun(id, { by: request.tokenName, ...(reason === undefined ? {} : { reason }) });
      if (run === undefined) throw noRun(id);
      if (before.endedAt === undefined) request.log.info({ run: id, reason, ...asker(request) }, 'run cancelled');
      live.wake();
      return reply.code(202).header('etag', `"${run.version}"`).send(showRun(run, view));
    },
  });
};
