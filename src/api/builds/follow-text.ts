import type { FastifyReply, FastifyRequest } from 'fastify';
import { isEnded } from '../../base/records/status.ts';
import type { TextName } from '../../build/outputs/outputs.ts';
import { wantsType } from '../server/accept.ts';
import { disconnectSignal } from '../server/connections/disconnect.ts';
import type { LongRequests } from '../server/streams/long-requests.ts';
import { sendHead, sendStream } from '../server/streams/send-stream.ts';
import { sendItems, streamForms } from '../server/streams/stream-forms.ts';
import type { ApiParts } from '../types.ts';
import { findBuild } from './found.ts';
import { startOf } from './last-event-id.ts';
import type { TextForm, TextRooms } from './text-rooms.ts';

export const plain = 'text/plain; charset=utf-8';

// Where both are named, the one that a browser's EventSource asks for.
const followTypes = ['text/event-stream', 'application/x-ndjson'] as const;

type Followed = { readonly id: string; readonly name: TextName; readonly offset: number };

const formOf = (type: (typeof followTypes)[number]): TextForm => ({
  key: type,
  write: (piece) => streamForms[type].write({ value: piece, id: piece.offset }),
});

// A piece of a text, and what it is written in.
const highWaterMark = 64 * 1024;

/**
 * Sends a text of a build and what is added to it until the build has ended: its bytes as they are, or, where `Accept`
 * names a form that can hold heartbeats, in pieces.
 */
export const makeFollowText = (
  { store, outputs, signal, clock }: Pick<ApiParts, 'store' | 'outputs' | 'signal' | 'clock'>,
  rooms: TextRooms,
  longRequests: LongRequests,
) => {
  /** Whether there is nothing behind the offset and never will be: what an EventSource can only be told by 204. */
  const hasAll = async ({ id, name, offset }: Followed): Promise<boolean> => {
    if (!isEnded((await findBuild(store, id)).status)) return false;
    await using reader = await outputs.openText(id, name);
    return offset >= (reader?.size ?? 0);
  };

  return async (request: FastifyRequest, reply: FastifyReply, asked: Followed): Promise<FastifyReply> => {
    const { id, name } = asked;
    const type = followTypes.find((one) => wantsType(request, one));
    const offset = type === undefined ? asked.offset : startOf(request, asked.offset);
    void reply.type(type ?? plain).headers({ 'accept-ranges': 'none', vary: 'accept' });
    if (request.method === 'HEAD') return sendHead(reply);
    if (type === 'text/event-stream' && (await hasAll({ id, name, offset }))) return reply.code(204).send();
    longRequests.count(request, reply);
    const until = AbortSignal.any([signal, disconnectSignal(reply)]);
    if (type === undefined) return sendStream(reply, rooms.follow({ id, name, offset }, until), highWaterMark);
    const pieces = rooms.follow({ id, name, offset, form: formOf(type) }, until);
    return sendItems(reply, pieces, streamForms[type], clock, highWaterMark);
  };
};
