import { z } from 'zod';
import { isEnded } from '../../../base/records/status.ts';
import type { BuildEvent } from '../../../queue/records.ts';
import { answers, nothing } from '../../contract/answers.ts';
import type { App } from '../../server/app.ts';
import { makeRooms, type Rooms } from '../../following/rooms.ts';
import { eventsOf, readEvents, type EventsForm } from './stream.ts';
import { BuildParams, findBuild } from '../found.ts';
import { disconnectSignal } from '../../server/connections/disconnect.ts';
import { EventsQuery } from '../request.ts';
import { Event } from '../event-schema.ts';
import type { LongRequests } from '../../server/streams/long-requests.ts';
import { startOf } from '../last-event-id.ts';
import { sendHead } from '../../server/streams/send-stream.ts';
import { eventFormOf, sendItems } from '../../server/streams/stream-forms.ts';
import type { ApiParts } from '../../types.ts';
import type { View } from '../view.ts';

const description =
  'One JSON object a line (NDJSON; an empty line now and then shows that the stream lives), or server-sent events if `Accept` says `text/event-stream`. The stream ends ' +
  'when the build has. `Event` has the types and their fields. To go on after a broken connection, give the last number you saw as `after`, or as ' +
  '`Last-Event-ID`; a browser does so by itself, and is told by 204 that there is no more.\n\n' +
  'A browser’s `EventSource` gives named events to `addEventListener` alone: with `named=false` they have no names, and all of them reach `onmessage`.\n\n' +
  'What went into an image from the mirror of OpenBSD sets is told by `set.fetched`: `path`, `sha256`, `bytes`, ' +
  '`from` and the `key` that it was verified with; `set.refused` says what the guest did not get, and why. ' +
  'Of events that a guest can cause in any number a host keeps so many; `events.left_out` tells at the end how many more there were, by type.\n\n' +
  '```sh\ncurl -N -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds/$ID/events?after=0"\n```';

const Sse = z.string().meta({
  description:
    'Each has the number of the event as `id`, its type as `event` (unless `named=false`), and an `Event` in JSON as `data`.',
  example: 'id: 3\nevent: step.started\ndata: {"seq":3,"type":"step.started",…}\n\n',
});

const response = answers(
  {
    200: {
      description: 'The events in their order.',
      content: {
        'application/x-ndjson': { schema: Event },
        'text/event-stream': {
          schema: Sse,
        },
      },
    },
    204: nothing('The build has ended and there is nothing after that event (only for `text/event-stream`).'),
  },
  [400, 404, 429],
);

/** The events of a build, as they happen. */
export const addEventRoutes = (
  app: App,
  { store, clock, signal }: ApiParts,
  view: View,
  longRequests: LongRequests,
): void => {
  const rooms: Rooms<number, EventsForm> = makeRooms(clock);
  app.get('/builds/:id/events', {
    config: { scope: 'builds:read' },
    schema: {
      tags: ['Builds'],
      operationId: 'followBuildEvents',
      summary: 'Follow the events of a build',
      description,
      params: BuildParams,
      querystring: EventsQuery,
      response,
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const after = startOf(request, request.query.after);
      const build = await findBuild(store, id);
      const form = eventFormOf(request, reply, request.query.named);
      if (request.method === 'HEAD') return sendHead(reply);
      // The HTML standard has no other way to tell an EventSource that it need not come back.
      if (form.isSse && isEnded(build.status) && (await store.events(id, after, 1)).length === 0)
        return reply.code(204).send();
      const follow = request.query.follow === 'true';
      if (follow) longRequests.count(request, reply);
      const write = (event: BuildEvent) =>
        form.write({ value: view.event(event, id), id: event.seq, name: event.type });
      const until = AbortSignal.any([signal, disconnectSignal(reply)]);
      const events = follow
        ? rooms.follow({ id, open: () => eventsOf(store, id), after, form: { key: form.key, write } }, until)
        : readEvents(store, id, after, write, until);
      return sendItems(reply, events, form, clock);
    },
  });
};
