import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../../base/clock.ts';
import { wantsType } from '../accept.ts';
import { sendStream, type Parts } from './send-stream.ts';

/** One value of a stream. */
export type StreamItem = {
  readonly value: unknown;
  /** Where to go on after it: what a browser sends as `Last-Event-ID`. */
  readonly id: number | string;
  /** The type of a server-sent event; without one a browser gives it to `onmessage`. */
  readonly name?: string;
};

export type StreamForm = {
  readonly write: (item: StreamItem) => string;
  /** What tells a silent stream from a dead one, and says nothing. */
  readonly heartbeat: string;
};

const ndjson: StreamForm = { write: ({ value }) => `${JSON.stringify(value)}\n`, heartbeat: '\n' };

// HTML standard, 9.2.6: JSON has no line break, so that one `data:` holds it.
const serverSent: StreamForm = {
  write: ({ value, id, name }) =>
    `id: ${id}\n${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(value)}\n\n`,
  heartbeat: ': still here\n\n',
};

/** The forms in which values are sent as they come to be, by media type. */
export const streamForms = { 'application/x-ndjson': ndjson, 'text/event-stream': serverSent } as const;

/** What a client reads events in. */
export type EventForm = StreamForm & {
  readonly isSse: boolean;
  /** The same for all who read in the same form: what is written for one is written for all of them. */
  readonly key: string;
};

/** Server-sent events where a client asks for them, with or without their names, else lines. The reply has its type from here on. */
export const eventFormOf = (request: FastifyRequest, reply: FastifyReply, named: 'true' | 'false'): EventForm => {
  const isSse = wantsType(request, 'text/event-stream');
  const type = isSse ? 'text/event-stream' : 'application/x-ndjson';
  void reply.header('vary', 'accept').type(type);
  const { write, heartbeat } = streamForms[type];
  return {
    isSse,
    heartbeat,
    key: isSse ? `${type} ${named}` : type,
    write: ({ name, ...item }) => write(named === 'true' && name !== undefined ? { ...item, name } : item),
  };
};

/** Sends what a form has written, and shows now and then that the stream lives. */
export const sendItems = (
  reply: FastifyReply,
  items: Parts,
  { heartbeat }: Pick<StreamForm, 'heartbeat'>,
  clock: Clock,
  highWaterMark: number = 16 * 1024,
): FastifyReply => sendStream(reply, items, highWaterMark, { heartbeat, clock });
