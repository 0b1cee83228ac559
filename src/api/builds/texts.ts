import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { answers, nothing, text, type ContractAnswer } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { BuildParams, findBuild } from './found.ts';
import { ConsoleQuery, FollowQuery } from './request.ts';
import type { LongRequests } from '../server/streams/long-requests.ts';
import { sendFile } from '../server/send-file.ts';
import type { TextName } from '../../build/outputs/outputs.ts';
import type { ApiParts } from '../types.ts';
import { Asciicast, asciicastType, sendAsciicast } from './asciicast.ts';
import { makeFollowText, plain } from './follow-text.ts';
import { TextPiece } from './text-pieces.ts';
import type { TextRooms } from './text-rooms.ts';

type Asked = FastifyRequest<{ Params: z.output<typeof BuildParams>; Querystring: z.output<typeof FollowQuery> }>;

const Sse = z.string().meta({
  description: 'With `follow=true`: each has an `offset` as `id`, no name, and a `TextPiece` in JSON as `data`.',
});

const textTypes = {
  'text/plain': { schema: z.string() },
  'application/x-ndjson': { schema: TextPiece },
  'text/event-stream': { schema: Sse },
} as const;

const responseWith = (content: ContractAnswer['content']) =>
  answers(
    {
      200: { description: 'The text; empty when there is none yet.', content: { ...textTypes, ...content } },
      204: nothing('The build has ended and there is nothing after that offset (only for `text/event-stream`).'),
      206: text('text/plain', 'The range of it.'),
    },
    [400, 404, 416, 429],
  );

const following =
  '`Range` and `offset` leave out what you have; `follow=true` stays until the build has ended. As `text/plain` a silent build ' +
  'is a silent stream, which a proxy may cut. If `Accept` names `application/x-ndjson` or `text/event-stream`, a follower gets ' +
  'a `TextPiece` a line or an event, and signs of life in between, as for events.';

const whatLogIs =
  'Lines for people: steps, provisioners and what went wrong, each with its time. Control characters are named, as `<U+009B>`. Beyond the bound of the host the middle is left out, with a line that says so.';

const whatConsoleIs =
  'The bytes of the serial line as they came, of all attempts, with `<sensitive>` and `<secret>` in place of what must not be shown: a terminal’s recording, control characters and all. Beyond the bound of the host the middle is left out, with a line that says so. `format=asciicast` has the time of everything, to a tenth of a second.';

const descriptionOf = (name: TextName, what: string) =>
  `${what} ${following}\n\n` +
  `\`\`\`sh\ncurl -N -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds/$ID/${name}?follow=true"\n\`\`\``;

/** The two texts that a build writes while it runs: its log, and what its console showed. */
export const addBuildTextRoutes = (app: App, parts: ApiParts, rooms: TextRooms, longRequests: LongRequests): void => {
  const { store, outputs } = parts;
  const follow = makeFollowText(parts, rooms, longRequests);

  const answer = async (request: Asked, reply: FastifyReply, name: TextName): Promise<FastifyReply> => {
    const { id } = request.params;
    const { offset } = request.query;
    await findBuild(store, id);
    if (request.query.follow === 'true') return follow(request, reply, { id, name, offset });
    return sendFile(request, reply, { open: () => outputs.openText(id, name), type: plain, offset });
  };

  app.get('/builds/:id/log', {
    config: { scope: 'builds:read' },
    schema: {
      tags: ['Builds'],
      operationId: 'readLog',
      summary: 'Read the log of a build',
      description: descriptionOf('log', whatLogIs),
      params: BuildParams,
      querystring: FollowQuery,
      response: responseWith({}),
    },
    handler: async (request, reply) => answer(request, reply, 'log'),
  });

  app.get('/builds/:id/console', {
    config: { scope: 'builds:read' },
    schema: {
      tags: ['Builds'],
      operationId: 'readConsole',
      summary: 'Read what the console showed',
      description: descriptionOf('console', whatConsoleIs),
      params: BuildParams,
      querystring: ConsoleQuery,
      response: responseWith({ [asciicastType]: { schema: Asciicast } }),
    },
    handler: async (request, reply) =>
      request.query.format === 'asciicast' ? sendAsciicast(request, reply, parts) : answer(request, reply, 'console'),
  });
};
