import { z } from 'zod';
import { answers } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { disconnectSignal } from '../server/connections/disconnect.ts';
import { checked } from '../server/field-errors.ts';
import { follow, type FollowedBytes } from '../following/follow.ts';
import type { LongRequests } from '../server/streams/long-requests.ts';
import { sendHead } from '../server/streams/send-stream.ts';
import { eventFormOf, sendItems } from '../server/streams/stream-forms.ts';
import type { ApiParts } from '../types.ts';
import type { Feed } from './feed.ts';
import type { LoggedChange } from './log.ts';
import { BuildChange, ChangesQuery, Place } from './schema.ts';

const LastEventId = z.object({ 'last-event-id': Place.optional() });

const Sse = z.string().meta({
  description: 'Each has its place as `id`, its type as `event` (unless `named=false`), and a `BuildChange` as `data`.',
});

// Written to one client at a time, so that a slow one is not written to beyond that.
const batch = 50;

/** One who follows the changes, from a place on. */
const opening =
  (
    feed: Pick<Feed, 'listen' | 'since'>,
    after: string | undefined,
    write: (change: LoggedChange) => string,
  ): FollowedBytes<string> =>
  (ring) => {
    const listening = feed.listen(ring);
    let at = after;
    return {
      next: async () => {
        const { changes, place } = feed.since(at);
        const next = changes.slice(0, batch);
        const isAll = next.length === changes.length;
        at = isAll ? place : (next.at(-1)?.value.id ?? place);
        return { part: next.length === 0 ? undefined : next.map(write).join(''), isAll, isLast: false };
      },
      [Symbol.asyncDispose]: async () => listening[Symbol.dispose](),
    };
  };

/** The changes of all builds, as they happen. */
export const addChangeRoutes = (
  app: App,
  { clock, signal }: ApiParts,
  feed: Feed,
  longRequests: LongRequests,
): void => {
  app.get('/builds/events', {
    config: { scope: 'builds:read' },
    schema: {
      tags: ['Builds'],
      operationId: 'followBuilds',
      summary: 'Follow the changes of all builds',
      description:
        'How the builds of the host stand, as that changes, for a list that is always right: `reset` says to get the list ' +
        '(`GET /builds`), and what follows says how it changes. Changes that follow each other within a moment are told as one; what happens ' +
        'within a build is at `GET /builds/{id}/events`. NDJSON or server-sent events, as there. The stream has no end. After a broken ' +
        'connection, give the `id` of the last change as `after`, or as `Last-Event-ID`: what was missed follows, or a `reset` where it was too much.\n\n' +
        '```sh\ncurl -N -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds/events"\n```',
      querystring: ChangesQuery,
      response: answers(
        {
          200: {
            description: 'The changes.',
            content: { 'application/x-ndjson': { schema: BuildChange }, 'text/event-stream': { schema: Sse } },
          },
        },
        [400, 429],
      ),
    },
    handler: async (request, reply) => {
      const header = { 'last-event-id': request.headers['last-event-id'] };
      const after = checked(LastEventId, header, 'header')['last-event-id'] ?? request.query.after;
      const form = eventFormOf(request, reply, request.query.named);
      if (request.method === 'HEAD') return sendHead(reply);
      longRequests.count(request, reply);
      const write = ({ value, texts }: LoggedChange): string => {
        const text = texts.get(form.key) ?? form.write({ value, id: value.id, name: value.type });
        texts.set(form.key, text);
        return text;
      };
      const until = AbortSignal.any([signal, disconnectSignal(reply)]);
      return sendItems(reply, follow(opening(feed, after, write), until), form, clock);
    },
  });
};
