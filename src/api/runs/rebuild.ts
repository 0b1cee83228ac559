import { accepted, answerAccepted } from '../builds/accepted.ts';
import { RebuildBody, rebuildIn } from '../builds/again-request.ts';
import { headerNotes, jsonOrNothing, requestKeyOf } from '../builds/asked.ts';
import type { View } from '../builds/view.ts';
import { answers } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { asker } from '../server/authentication/auth.ts';
import { checked } from '../server/field-errors.ts';
import type { ApiParts } from '../types.ts';
import { RunParams } from './request.ts';
import { Run } from './schema.ts';
import { showRun } from './view.ts';

/** Making all builds of a run again. */
export const addRunRebuildRoute = (app: App, { again }: ApiParts, view: View): void => {
  app.post('/runs/:id/rebuild', {
    config: { scope: 'builds:write' },
    schema: {
      tags: ['Runs'],
      operationId: 'rebuildRun',
      summary: 'Build the same machines again',
      description:
        'A new run with a rebuild of each of its builds, all or none, as `POST /builds/{id}/rebuild` makes it. The new run says ' +
        '`rebuild_of`.\n\n' +
        '```sh\ncurl --json \'{"strict": true}\' -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/runs/$ID/rebuild"\n```',
      params: RunParams,
      headerNotes,
      accepts: { 'application/json': RebuildBody },
      response: answers(
        { 201: accepted(Run, 'run', 'The new run is accepted, with all of its builds.') },
        [400, 404, 409, 413, 415, 422, 503, 507],
      ),
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const ask = rebuildIn(checked(RebuildBody, jsonOrNothing(request), 'body'));
      const { run, replayed } = await again.rebuildRun(
        id,
        { ...ask, requestedBy: request.tokenName },
        requestKeyOf(request)(),
      );
      if (!replayed)
        request.log.info({ run: run.id, builds: run.builds.length, rebuildOf: id, ...asker(request) }, 'run accepted');
      answerAccepted(reply, { self: `/runs/${run.id}`, version: run.version, replayed });
      return reply.send(showRun(run, view));
    },
  });
};
