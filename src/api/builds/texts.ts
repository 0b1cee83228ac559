import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Id } from '../../base/ids.ts';
import { answers, text } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { findBuild } from './found.ts';
import { disconnectSignal } from '../server/disconnect.ts';
import { FollowQuery } from './request.ts';
import { sendFile } from '../server/send-file.ts';
import type { LongRequests } from '../server/long-requests.ts';
import type { TextName } from '../../build/outputs/outputs.ts';
import type { ApiParts } from '../types.ts';

const Params = z.object({ id: Id.meta({ description: 'The build’s id.' }) });
const plain = 'text/plain; charset=utf-8';

type Asked = FastifyRequest<{ Params: z.output<typeof Params>; Querystring: z.output<typeof FollowQuery> }>;

/** The two texts that a build writes while it runs: its log, and what its console showed. */
export const addBuildTextRoutes = (app: App, parts: ApiParts, longRequests: LongRequests): void => {
  const { store, outputs, signal } = parts;

  const answer = async (request: Asked, reply: FastifyReply, name: TextName): Promise<FastifyReply> => {
    const { id } = request.params;
    const { follow, offset = 0 } = request.query;
    await findBuild(store, id);
    if (follow === 'false')
      return sendFile(request, reply, { open: () => outputs.openText(id, name), type: plain, offset });
    void reply.type(plain).header('accept-ranges', 'none');
    if (request.method === 'HEAD') return reply.send('');
    longRequests.count(request, reply);
    const until = AbortSignal.any([signal, disconnectSignal(reply)]);
    const chunks = outputs.followText(id, name, offset, until);
    // The first header of a silent build is sent at once: whoever follows wants to know that he does.
    reply.raw.once('pipe', () => reply.raw.flushHeaders());
    return reply.send(Readable.from(chunks, { objectMode: false, highWaterMark: 64 * 1024 }));
  };

  const routes = [
    {
      name: 'log',
      operationId: 'readLog',
      summary: 'Read the log of a build',
      what: 'Lines for people: steps, provisioners and what went wrong, each with its time. Control characters are named, as `<U+009B>`. Beyond the bound of the host the middle is left out, with a line that says so.',
    },
    {
      name: 'console',
      operationId: 'readConsole',
      summary: 'Read what the console showed',
      what: 'The bytes of the serial line as they came, of all attempts, with `<sensitive>` and `<secret>` in place of what must not be shown: a terminal’s recording, control characters and all. Beyond the bound of the host the middle is left out, with a line that says so.',
    },
  ] as const;

  for (const { name, operationId, summary, what } of routes)
    app.get(`/builds/:id/${name}`, {
      config: { scope: 'builds:read' },
      schema: {
        tags: ['Builds'],
        operationId,
        summary,
        description:
          `${what} \`Range\` and \`offset\` leave out what you have; \`follow=true\` stays until the build has ended.\n\n` +
          `\`\`\`sh\ncurl -N -H "Authorization: Bearer $TOKEN" "$IMAGED/builds/$ID/${name}?follow=true"\n\`\`\``,
        params: Params,
        querystring: FollowQuery,
        response: answers(
          {
            200: text('text/plain', 'The text; empty when there is none yet.'),
            206: text('text/plain', 'The range of it.'),
          },
          [400, 404, 416, 429],
        ),
      },
      handler: async (request, reply) => answer(request, reply, name),
    });
};
