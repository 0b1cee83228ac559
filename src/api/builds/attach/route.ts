import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Fault } from '../../../base/fault.ts';
import { answers, nothing } from '../../contract/answers.ts';
import { Offset } from '../../contract/common.ts';
import type { App } from '../../server/app.ts';
import { asker } from '../../server/authentication/auth.ts';
import type { LongRequests } from '../../server/streams/long-requests.ts';
import { refuseForeign } from '../../server/authentication/origin.ts';
import type { Timeouts } from '../../server/connections/timeouts.ts';
import { longestMessage } from '../../server/streams/web-sockets.ts';
import type { ApiParts } from '../../types.ts';
import { BuildParams, findBuild } from '../found.ts';
import type { TextRooms } from '../text-rooms.ts';
import { checkTakesKeys } from '../takes-keys.ts';
import { closings } from './closing.ts';
import { relay } from './relay.ts';

const AttachQuery = z.strictObject({
  offset: Offset.optional().meta({
    description: 'Bytes of the transcript to leave out at the beginning; else only what is added to it is sent.',
  }),
});

/** Whether a path is one that WebSockets are opened at. */
export const isAttachPath = (path: string): boolean => /^\/builds\/[^/?]+\/console\/attach(?:\?|$)/.test(path);

const description =
  'A WebSocket (RFC 6455). Binary messages are bytes: to the client what the console says, as its transcript has it, and ' +
  `from the client what is typed, as it is, at most ${longestMessage / 1024} KiB in one. A text is JSON: from the client ` +
  '`{"resize": {"columns": 80, "rows": 24}}`, which a serial line has no use for, and to the client ' +
  '`{"error": {"code": "console_lent", "detail": "..."}}` for keys that were not typed. A page may open it only from this ' +
  'host. It is closed with a code and a reason: ' +
  Object.values(closings)
    .map(({ code, reason }) => `${code} ${reason}`)
    .join('; ') +
  '.\n\n```sh\nwebsocat --binary -H "Authorization: Bearer $IMAGED_TOKEN" "ws${IMAGED#http}/builds/$ID/console/attach"\n```';

type AttachParts = {
  readonly longRequests: LongRequests;
  readonly timeouts: Timeouts;
  readonly rooms: TextRooms;
};

/** The console of a build that takes keys, both ways over one connection. */
export const addAttachRoute = (app: App, parts: ApiParts, { longRequests, timeouts, rooms }: AttachParts): void => {
  const { store, live, outputs } = parts;
  const revocations = new WeakMap<FastifyRequest, AbortController>();
  app.route({
    method: 'GET',
    url: '/builds/:id/console/attach',
    config: { scope: 'builds:write' },
    schema: {
      tags: ['Held builds'],
      operationId: 'attachConsole',
      summary: 'Attach to the console of a build that is held or at a breakpoint',
      description,
      params: BuildParams,
      querystring: AttachQuery,
      response: answers({ 101: nothing('The WebSocket is open.') }, [400, 404, 409, 426, 429]),
    },
    preHandler: async (request, reply) => {
      refuseForeign(request);
      checkTakesKeys(await findBuild(store, request.params.id), live);
      if (!request.ws) return;
      const revoked = new AbortController();
      longRequests.count(request, reply, () => revoked.abort());
      revocations.set(request, revoked);
    },
    handler: (_request, reply) => {
      void reply.header('upgrade', 'websocket');
      throw new Fault(
        'upgrade_required',
        'The console is attached to by a WebSocket. GET /builds/{id}/console reads it.',
      );
    },
    wsHandler: async (socket, request) => {
      // Nothing that it says is lost until the relay listens.
      socket.pause();
      const { id } = request.params;
      const who = { build: id, ...asker(request) };
      request.log.info(who, 'console attached');
      const sizeNow = async () => {
        await using reader = await outputs.openText(id, 'console');
        return reader?.size ?? 0;
      };
      const offset = request.query.offset ?? (await sizeNow());
      const trouble = (err: unknown) => request.log.error({ ...who, err }, 'an attached console broke off');
      const { signal: revoked } = revocations.get(request) ?? new AbortController();
      await relay(socket, { id, offset, rooms, takeMs: timeouts.reader.graceMs, revoked, trouble }, parts);
      request.log.info(who, 'console detached');
    },
  });
};
