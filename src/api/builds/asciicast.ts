/** Recordings of terminals in asciicast v2 (https://docs.asciinema.org/manual/asciicast/v2/): a header and events, each a line. */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { RecordedOutputs } from '../../build/outputs/recording.ts';
import { disconnectSignal } from '../server/connections/disconnect.ts';
import { invalid } from '../server/field-errors.ts';
import { sendHead, sendStream } from '../server/streams/send-stream.ts';
import type { ApiParts } from '../types.ts';
import { findBuild, type BuildParams } from './found.ts';
import type { ConsoleQuery } from './request.ts';
import { wholeCharacters } from './text-pieces.ts';

export const asciicastType = 'application/x-asciicast';

export const Asciicast = z.string().meta({
  description:
    'With `format=asciicast`: asciicast v2, of a terminal of 80 columns and 24 rows, with the first byte at its beginning.',
});

type Asked = FastifyRequest<{ Params: z.output<typeof BuildParams>; Querystring: z.output<typeof ConsoleQuery> }>;

const header = (title: string, beganMs: number): string =>
  `${JSON.stringify({ version: 2, width: 80, height: 24, ...(beganMs === 0 ? {} : { timestamp: Math.floor(beganMs / 1000) }), title })}\n`;

const event = (ms: number, bytes: Uint8Array): string =>
  `${JSON.stringify([ms / 1000, 'o', Buffer.from(bytes).toString()])}\n`;

/** The lines of a recording. A character that came in two pieces is shown with the second. */
export const asciicastOf = async function* (
  pieces: AsyncIterable<RecordedOutputs> | Iterable<RecordedOutputs>,
  title: string,
): AsyncGenerator<string, void> {
  let began: number | undefined;
  let last = 0;
  let rest: Uint8Array = Buffer.alloc(0);
  for await (const { ms, bytes } of pieces) {
    if (began === undefined) yield header(title, ms);
    began ??= ms;
    last = ms - began;
    const all = Buffer.concat([rest, bytes]);
    const length = wholeCharacters(all);
    rest = all.subarray(length);
    if (length > 0) yield event(last, all.subarray(0, length));
  }
  if (began === undefined) yield header(title, 0);
  if (rest.length > 0) yield event(last, rest);
};

/** Sends what the console of a build has shown so far as a recording. Throws `invalid_input`, `not_found`. */
export const sendAsciicast = async (
  request: Asked,
  reply: FastifyReply,
  { store, outputs, signal }: Pick<ApiParts, 'store' | 'outputs' | 'signal'>,
): Promise<FastifyReply> => {
  const { params, query } = request;
  if (query.follow === 'true' || query.offset > 0)
    throw invalid([{ pointer: 'query:/format', message: 'is "asciicast", which goes with neither follow nor offset' }]);
  const { id } = await findBuild(store, params.id);
  void reply.type(asciicastType).header('content-disposition', `attachment; filename="${id}.cast"`);
  if (request.method === 'HEAD') return sendHead(reply);
  const until = AbortSignal.any([signal, disconnectSignal(reply)]);
  const lines = async function* () {
    await using recording = await outputs.recording(id, until);
    yield* asciicastOf(recording?.pieces() ?? [], `build ${id}`);
  };
  return sendStream(reply, lines(), 64 * 1024);
};
