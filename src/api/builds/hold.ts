import { answers, json, nothing } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import type { ApiParts } from '../types.ts';
import { BuildParams, findBuild } from './found.ts';
import { HoldAsk, holdMsOf } from './request.ts';
import { HoldState } from './schema.ts';
import { showHold } from './view.ts';

const tags = ['Held builds'];

/** The machine that a failed build keeps: how to reach it, and for how long. */
export const addHoldRoutes = (app: App, { store, live, clock }: ApiParts): void => {
  app.get('/builds/:id/hold', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getHold',
      summary: 'See whether a build is held, and how to reach its machine',
      params: BuildParams,
      response: answers({ 200: json(HoldState, 'The hold.') }, [404]),
    },
    handler: async ({ params: { id } }) => showHold(await findBuild(store, id)),
  });

  app.put('/builds/:id/hold', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'extendHold',
      summary: 'Hold the machine for so long from now',
      description:
        '```sh\ncurl -X PUT --json \'{"minutes": 30}\' -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds/$ID/hold"\n```',
      params: BuildParams,
      body: HoldAsk,
      response: answers({ 200: json(HoldState, 'The hold, with its new end.') }, [400, 404, 409, 415]),
    },
    handler: async ({ params: { id }, body }) => {
      await findBuild(store, id);
      const build = await store.setHold(id, clock.now() + holdMsOf(body));
      live.wake();
      return showHold(build);
    },
  });

  app.delete('/builds/:id/hold', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'releaseHold',
      summary: 'Let the machine go now',
      description: 'The build then fails with the fault that it was held for.',
      params: BuildParams,
      response: answers({ 204: nothing('The hold ends.') }, [404, 409]),
    },
    handler: async ({ params: { id } }, reply) => {
      await findBuild(store, id);
      await store.setHold(id, clock.now());
      live.wake();
      return reply.code(204).send();
    },
  });
};
