import { z } from 'zod';
import { isRunEnded } from '../../base/records/run-status.ts';
import type { View } from '../builds/view.ts';
import { answers, nothing } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { disconnectSignal } from '../server/connections/disconnect.ts';
import { checked } from '../server/field-errors.ts';
import type { LongRequests } from '../server/streams/long-requests.ts';
import { sendHead } from '../server/streams/send-stream.ts';
import { eventFormOf, sendItems } from '../server/streams/stream-forms.ts';
import type { ApiParts } from '../types.ts';
import { findRun } from './found.ts';
import { Positions, RunEventsQuery, RunParams } from './request.ts';
import { makeRooms, type Rooms } from '../following/rooms.ts';
import { readRunEvents, runEventsOf, type RunForm, type RunItem } from './run-event-stream.ts';
import { RunEvent } from './schema.ts';

const LastEventId = z.object({ 'last-event-id': Positions.optional() });

const Sse = z.string().meta({
  description: 'Each has its place as `id`, its type as `event` (unless `named=false`), and a `RunEvent` as `data`.',
});

/** The events of all builds of a run, as they happen. */
export const addRunEventRoutes = (
  app: App,
  { store, clock, signal }: ApiParts,
  view: View,
  longRequests: LongRequests,
): void => {
  const rooms: Rooms<string, RunForm> = makeRooms(clock);
  app.get('/runs/:id/events', {
    config: { scope: 'builds:read' },
    schema: {
      tags: ['Runs'],
      operationId: 'followRunEvents',
      summary: 'Follow the events of all builds of a run',
      description:
        'As `GET /builds/{id}/events`, for all of them in one stream, which ends when the run has. Each event says of which ' +
        'build and machine it is; those of one build come in their order. To go on after a broken connection, give the ' +
        '`id` of the last event as `after`, or as `Last-Event-ID`.\n\n' +
        '```sh\ncurl -N -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/runs/$RUN/events"\n```',
      params: RunParams,
      querystring: RunEventsQuery,
      response: answers(
        {
          200: {
            description: 'The events.',
            content: { 'application/x-ndjson': { schema: RunEvent }, 'text/event-stream': { schema: Sse } },
          },
          204: nothing('The run has ended and there is nothing after that event (only for `text/event-stream`).'),
        },
        [400, 404, 429],
      ),
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const header = { 'last-event-id': request.headers['last-event-id'] };
      const after = (checked(LastEventId, header, 'header')['last-event-id'] ?? request.query.after ?? []).join('.');
      const run = await findRun(store, id);
      const form = eventFormOf(request, reply, request.query.named);
      if (request.method === 'HEAD') return sendHead(reply);
      const write = ({ build, event, id: place }: RunItem) =>
        form.write({
          value: { id: place, build: build.id, machine: build.machine ?? '', event: view.event(event, build.id) },
          id: place,
          name: event.type,
        });
      const until = AbortSignal.any([signal, disconnectSignal(reply)]);
      const read = () => readRunEvents(store, { builds: run.builds, after, write }, until);
      // The HTML standard has no other way to tell an EventSource that it need not come back.
      if (form.isSse && isRunEnded(run.status)) {
        if ((await read().next()).done === true) return reply.code(204).send();
      }
      const follow = request.query.follow === 'true';
      if (!follow) return sendItems(reply, read(), form, clock);
      longRequests.count(request, reply);
      const followed = { id, open: () => runEventsOf(store, run), after, form: { key: form.key, write } };
      return sendItems(reply, rooms.follow(followed, until), form, clock);
    },
  });
};
