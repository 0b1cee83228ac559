import { answers, etagHeader, json, nothing } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import type { ApiParts } from '../types.ts';
import { BuildParams, noBuild } from './found.ts';
import { Build } from './schema.ts';
import type { View } from './view.ts';

const tags = ['Builds'];

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
        'that has ended stays as it is.\n\n```sh\ncurl -X POST -H "Authorization: Bearer $TOKEN" "$IMAGED/builds/$ID/cancel"\n```',
      params: BuildParams,
      response: answers({ 202: json(Build, 'The build as it stands now.', etagHeader) }, [404]),
    },
    handler: async ({ params: { id } }, reply) => {
      const build = await store.cancel(id);
      if (build === undefined) throw noBuild(id);
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
      description: '```sh\ncurl -X DELETE -H "Authorization: Bearer $TOKEN" "$IMAGED/builds/$ID"\n```',
      params: BuildParams,
      response: answers({ 204: nothing('It is forgotten.') }, [404, 409]),
    },
    handler: async ({ params: { id } }, reply) => {
      live.checkUnused(id);
      if (!(await store.remove(id))) throw noBuild(id);
      await outputs.remove(id);
      return reply.code(204).send();
    },
  });
};
