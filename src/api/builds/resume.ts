import { answers, nothing } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { asker } from '../server/auth.ts';
import type { ApiParts } from '../types.ts';
import { BuildParams, findBuild } from './found.ts';

/** Going on from a breakpoint. */
export const addResumeRoute = (app: App, { store, live }: ApiParts): void => {
  app.post('/builds/:id/resume', {
    config: { scope: 'builds:write' },
    schema: {
      tags: ['Held builds'],
      operationId: 'resumeBuild',
      summary: 'Go on with a build that is at a breakpoint',
      description:
        'The event `build.paused` says that it is at one, how to log in, and until when it waits: then it fails.\n\n' +
        '```sh\ncurl -X POST -H "Authorization: Bearer $TOKEN" "$IMAGED/builds/$ID/resume"\n```',
      params: BuildParams,
      response: answers({ 204: nothing('It goes on.') }, [404, 409]),
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      await findBuild(store, id);
      live.resume(id, request.tokenName);
      request.log.info({ build: id, ...asker(request) }, 'build resumed');
      return reply.code(204).send();
    },
  });
};
