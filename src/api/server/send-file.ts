import type { OutgoingHttpHeaders } from 'node:http';
import type { Writable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { contentRange, partAsked } from '../../base/http/byte-range.ts';
import { Fault } from '../../base/fault.ts';
import type { ByteRange, OutputReader } from '../../build/outputs/read-file.ts';
import { disconnectSignal } from './connections/disconnect.ts';
import { sendHead } from './streams/send-stream.ts';
import { matchesAny, matchesStrongly } from '../../base/http/etags.ts';

type FileToSend = {
  /** Opens it; undefined when it is not there. */
  readonly open: () => Promise<OutputReader | undefined>;
  readonly type: string;
  /** What the client is told when the file is not there; undefined: a file that is not there is empty. */
  readonly missing?: string;
  /** Strong ETag with its quotes, for a file that never changes. */
  readonly etag?: string;
  /** Bytes to leave out at the beginning, when no range is asked for. */
  readonly offset?: number;
};

// Node takes no header that is undefined, and Fastify's own type allows it.
const headersOf = (reply: FastifyReply): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined));

const written = (sink: Writable, chunk: Uint8Array): Promise<boolean> =>
  new Promise((resolve) => {
    // A sink that has closed never calls back for what was not written.
    const closed = () => resolve(false);
    if (sink.destroyed) return resolve(false);
    sink.once('close', closed);
    sink.write(chunk, (error) => {
      sink.off('close', closed);
      resolve(!error);
    });
  });

/** Writes the range to the sink. False: its client has gone, or the file ended too early; the sink is not complete. */
const pump = async (reader: OutputReader, range: ByteRange, sink: Writable, signal: AbortSignal): Promise<boolean> => {
  let left = range.end - range.start;
  for await (const chunk of reader.read(range, signal)) {
    if (!(await written(sink, chunk))) return false;
    left -= chunk.length;
  }
  return left === 0;
};

/** Answers 304, or refuses what the request's own ETags rule out. True: it is answered. */
const isKnown = ({ headers }: FastifyRequest, reply: FastifyReply, etag: string): boolean => {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined && !matchesStrongly(ifMatch, etag))
    throw new Fault('precondition_failed', `The file is ${etag} now, not ${ifMatch.slice(0, 200)}.`);
  reply.header('etag', etag);
  return matchesAny(headers['if-none-match'], etag);
};

/** The bytes that the request asks for, with the status and the headers that say so. Throws `range_not_satisfiable`. */
const rangeFor = (
  { headers, method }: FastifyRequest,
  reply: FastifyReply,
  size: number,
  { etag, offset = 0 }: FileToSend,
): ByteRange => {
  const part = partAsked({ method, headers }, size, [etag]);
  if (part.kind === 'outside') {
    reply.header('content-range', contentRange(part, size));
    throw new Fault('range_not_satisfiable', `The file has ${size} bytes; none of them lies in ${headers.range}.`);
  }
  if (part.kind === 'whole') return { start: Math.min(offset, size), end: size };
  reply.code(206).header('content-range', contentRange(part, size));
  return { start: part.first, end: part.last + 1 };
};

/** Fastify would pipe a stream; the bytes are written to the socket by hand instead, at twice the speed. */
const sendByHand = async (
  request: FastifyRequest,
  reply: FastifyReply,
  reader: OutputReader,
  range: ByteRange,
): Promise<void> => {
  reply.hijack();
  const { raw } = reply;
  try {
    raw.writeHead(reply.statusCode, headersOf(reply));
    if (await pump(reader, range, raw, disconnectSignal(reply))) raw.end();
    else raw.destroy();
  } catch (error) {
    request.log.error({ err: error }, 'a download broke off');
    raw.destroy();
  }
};

/**
 * Sends a file, or the part of it that `Range` asks for, as RFC 9110 has it: 200, 206, 304, or throws
 * `range_not_satisfiable`, `precondition_failed`, `not_found`. Memory stays flat whatever the size.
 */
export const sendFile = async (
  request: FastifyRequest,
  reply: FastifyReply,
  ask: FileToSend,
): Promise<FastifyReply> => {
  reply.header('accept-ranges', 'bytes').type(ask.type);
  if (ask.etag !== undefined && isKnown(request, reply, ask.etag)) return reply.code(304).send();
  await using reader = await ask.open();
  if (reader === undefined) {
    if (ask.missing !== undefined) throw new Fault('not_found', ask.missing);
    return reply.send('');
  }
  const range = rangeFor(request, reply, reader.size, ask);
  reply.header('content-length', range.end - range.start);
  if (request.method === 'HEAD') return sendHead(reply);
  if (range.start === range.end) return reply.send('');
  await sendByHand(request, reply, reader, range);
  return reply;
};
