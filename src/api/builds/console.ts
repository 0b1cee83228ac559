import { z } from 'zod';
import { answers, json, nothing } from '../contract/answers.ts';
import { timeOf } from '../contract/common.ts';
import type { App } from '../server/app.ts';
import { refuseType } from '../server/bodies.ts';
import type { ApiParts } from '../types.ts';
import { BuildParams, findBuild } from './found.ts';
import { HoldAsk, holdMsOf } from './request.ts';
import { DetachedConsole } from './schema.ts';
import { checkTakesKeys } from './takes-keys.ts';

const tags = ['Held builds'];

/** Detaching the console of a held build for an operator on the host, and attaching it again. */
export const addDetachRoutes = (app: App, { store, live }: ApiParts): void => {
  app.put('/builds/:id/console/loan', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'lendConsole',
      summary: 'Detach the console of a held build, for an operator on the host',
      description:
        'imaged lets go of the serial line, so that the command in the answer can attach to it; what the guest says meanwhile is not in the transcript. Then imaged attaches to it again, as soon as the operator has left. Under vmd only: elsewhere POST keys.',
      params: BuildParams,
      body: HoldAsk,
      response: answers({ 200: json(DetachedConsole, 'What to type, and until when.') }, [400, 404, 409, 415]),
    },
    handler: async ({ params: { id }, body }) => {
      await findBuild(store, id);
      const { command, until } = await live.detach(id, holdMsOf(body));
      return { command: command.join(' '), until: timeOf(until) };
    },
  });

  app.delete('/builds/:id/console/loan', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'takeConsoleBack',
      summary: 'Attach the console again now',
      params: BuildParams,
      response: answers({ 204: nothing('imaged holds it again.') }, [404, 409]),
    },
    handler: async ({ params: { id } }, reply) => {
      await findBuild(store, id);
      await live.attach(id);
      return reply.code(204).send();
    },
  });
};

/** A hand on the keyboard of a held build. */
export const addKeysRoute = (app: App, { store, live }: ApiParts): void => {
  app.post('/builds/:id/console', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'typeOnConsole',
      summary: 'Type on the console of a build that is held or at a breakpoint',
      description:
        'The body is typed as it is: end a line with CR. What the guest says is at GET, with `follow=true`; `GET /builds/{id}/console/attach` is both at once.\n\n' +
        '```sh\nprintf \'dmesg | tail\\r\' | curl -H "Authorization: Bearer $IMAGED_TOKEN" -H "Content-Type: application/octet-stream" --data-binary @- "$IMAGED_URL/builds/$ID/console"\n```',
      params: BuildParams,
      accepts: { 'application/octet-stream': z.string().meta({ format: 'binary', description: 'At most 64 KiB.' }) },
      response: answers({ 204: nothing('It is typed.') }, [404, 409, 413, 415]),
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const build = await findBuild(store, id);
      if (!(request.body instanceof Uint8Array)) throw refuseType(request, 'application/octet-stream');
      checkTakesKeys(build, live);
      await live.type(id, request.body);
      return reply.code(204).send();
    },
  });
};
