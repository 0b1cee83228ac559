import { z } from 'zod';
import { isEnded } from '../../base/records/status.ts';
import { Fault } from '../../base/fault.ts';
import { answers, etagHeader, json } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { asker } from '../server/authentication/auth.ts';
import { checked } from '../server/field-errors.ts';
import type { ApiParts } from '../types.ts';
import { PersonsLine } from './end.ts';
import { BuildParams, findBuild } from './found.ts';
import { Build } from './schema.ts';
import type { View } from './view.ts';

const tags = ['Builds'];

const PinBody = z
  .strictObject({ reason: PersonsLine.optional().meta({ description: 'Why.', example: 'shipped as 2026.3' }) })
  .meta({ id: 'NewPin', description: 'Why a build is kept. May be left out altogether.' });

/** Keeping a build that has ended, whatever the retention says. */
export const addPinRoutes = (app: App, { store }: Pick<ApiParts, 'store'>, view: View): void => {
  app.put('/builds/:id/pin', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'pinBuild',
      summary: 'Keep a build and its artifacts',
      description:
        'A pinned build is not forgotten, neither by the retention nor by `DELETE`, until the pin is taken off. Its ETag changes.\n\n' +
        '```sh\ncurl -X PUT --json \'{"reason": "shipped as 2026.3"}\' -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds/$ID/pin"\n```',
      params: BuildParams,
      accepts: { 'application/json': PinBody },
      response: answers({ 200: json(Build, 'The build as it stands now.', etagHeader) }, [400, 404, 409, 415]),
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const { reason } = checked(PinBody, request.body ?? {}, 'body');
      const { status } = await findBuild(store, id);
      if (!isEnded(status))
        throw new Fault('build_active', `Build ${id} is ${status}: what has not ended is kept anyway.`, { status });
      const build = await store.pin(id, { by: request.tokenName, ...(reason === undefined ? {} : { reason }) });
      request.log.info({ build: id, reason, ...asker(request) }, 'build pinned');
      return reply.header('etag', `"${build.version}"`).send(view.build(build));
    },
  });

  app.delete('/builds/:id/pin', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'unpinBuild',
      summary: 'Take the pin off a build',
      description: '```sh\ncurl -X DELETE -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds/$ID/pin"\n```',
      params: BuildParams,
      response: answers({ 200: json(Build, 'The build as it stands now.', etagHeader) }, [404]),
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      await findBuild(store, id);
      const build = await store.unpin(id, request.tokenName);
      request.log.info({ build: id, ...asker(request) }, 'pin taken off');
      return reply.header('etag', `"${build.version}"`).send(view.build(build));
    },
  });
};
