import { z } from 'zod';
import { answers, etagHeader, json, nothing } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { asker } from '../server/authentication/auth.ts';
import { checked } from '../server/field-errors.ts';
import type { ApiParts } from '../types.ts';
import { BuildParams, noBuild } from './found.ts';
import { Build } from './schema.ts';
import type { View } from './view.ts';

const tags = ['Builds'];

/** One line of a person: it stands in faults and logs. */
export const PersonsLine = z
  .string()
  .max(500, 'is longer than 500 characters')
  .refine((text) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text), 'is not one line of printable text');

export const CancelBody = z
  .strictObject({
    reason: PersonsLine.optional().meta({
      description: 'Why, in a line for people.',
      example: 'superseded by a newer commit',
    }),
  })
  .meta({ id: 'Cancel', description: 'Why a build or a run is cancelled. May be left out altogether.' });

/** Cancelling a build, and forgetting one that has ended. */
export const addEndRoutes = (app: App, { store, live, outputs }: ApiParts, view: View): void => {
  app.post('/builds/:id/cancel', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'cancelBuild',
      summary: 'Cancel a build',
      description:
        'A queued build is cancelled at once; a running or held one lets its machine go first. Idempotent: a build ' +
        'that has ended stays as it is. The body may say why; its fault and its events tell that, and which token it was.\n\n' +
        '```sh\ncurl --json \'{"reason": "superseded by a newer commit"}\' -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds/$ID/cancel"\n```',
      params: BuildParams,
      accepts: { 'application/json': CancelBody },
      response: answers({ 202: json(Build, 'The build as it stands now.', etagHeader) }, [400, 404]),
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const { reason } = checked(CancelBody, request.body ?? {}, 'body');
      const before = await store.find(id);
      const build = await store.cancel(id, { by: request.tokenName, ...(reason === undefined ? {} : { reason }) });
      if (build === undefined) throw noBuild(id);
      if (build.version !== before?.version)
        request.log.info({ build: id, reason, ...asker(request) }, 'build cancelled');
      live.wake();
      return reply.code(202).header('etag', `"${build.version}"`).send(view.build(build));
    },
  });

  app.delete('/builds/:id', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'deleteBuild',
      summary: 'Forget a build that has ended, and its files',
      description: '```sh\ncurl -X DELETE -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds/$ID"\n```',
      params: BuildParams,
      response: answers({ 204: nothing('It is forgotten.') }, [404, 409]),
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      live.checkUnused(id);
      if (!(await store.remove(id))) throw noBuild(id);
      await outputs.remove(id);
      request.log.info({ build: id, ...asker(request) }, 'build deleted');
      return reply.code(204).send();
    },
  });
};
