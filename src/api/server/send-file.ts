import { open } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isErrno } from '../../base/errno.ts';
import { Fault } from '../../base/fault.ts';
import { contentRange, partAsked } from '../../base/http/byte-range.ts';
import { pumpFile } from './pump-file.ts';
import { matchesAny, matchesStrongly } from './etags.ts';

type FileToSend = {
  readonly path: string;
  readonly type: string;
  /** What the client is told when the file is not there; undefined: a file that is not there is empty. */
  readonly missing?: string;
  /** Strong ETag with its quotes, for a file that never changes. */
  readonly etag?: string;
  /** Bytes to leave out at the beginning, when no range is asked for. */
  readonly offset?: number;
};

/** Opens the file, or undefined when there is none. */
const openFile = async (path: string) => {
  try {
    const file = await open(path);
    const stat = await file.stat();
    if (stat.isFile()) return { file, size: stat.size };
    await file.close();
    return undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EISDIR')) return undefined;
    throw error;
  }
};

// Node takes no header that is undefined, and Fastify's own type allows it.
const headersOf = (reply: FastifyReply): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined));

/**
 * Sends a file, or the part of it that `Range` asks for, as RFC 9110 has it: 200, 206, 304, or throws
 * `range_not_satisfiable`, `precondition_failed`, `not_found`. Memory stays flat whatever the size.
 */
export const sendFile = async (
  request: FastifyRequest,
  reply: FastifyReply,
  ask: FileToSend,
): Promise<FastifyReply> => {
  const { headers, method } = request;
  const { etag } = ask;
  reply.header('accept-ranges', 'bytes').type(ask.type);
  if (etag !== undefined) {
    const ifMatch = headers['if-match'];
    if (ifMatch !== undefined && !matchesStrongly(ifMatch, etag))
      throw new Fault('precondition_failed', `The file is ${etag} now, not ${ifMatch.slice(0, 200)}.`);
    reply.header('etag', etag);
    if (matchesAny(headers['if-none-match'], etag)) return reply.code(304).send();
  }
  const opened = await openFile(ask.path);
  if (opened === undefined) {
    if (ask.missing !== undefined) throw new Fault('not_found', ask.missing);
    return reply.send('');
  }
  const { file, size } = opened;
  const part = partAsked(request, size, [etag]);
  if (part.kind === 'outside') {
    await file.close();
    reply.header('content-range', contentRange(part, size));
    throw new Fault('range_not_satisfiable', `The file has ${size} bytes; none of them lies in ${headers.range}.`);
  }
  const first = part.kind === 'part' ? part.first : Math.min(ask.offset ?? 0, size);
  const last = part.kind === 'part' ? part.last : size - 1;
  if (part.kind === 'part') reply.code(206).header('content-range', contentRange(part, size));
  reply.header('content-length', last - first + 1);
  if (method === 'HEAD' || last < first) {
    await file.close();
    return reply.send(method === 'HEAD' ? Readable.from([]) : '');
  }
  // Fastify would pipe a stream; the file is written to the socket by hand instead, at twice the speed.
  reply.hijack();
  const { raw } = reply;
  try {
    raw.writeHead(reply.statusCode, headersOf(reply));
    if (await pumpFile(file, raw, first, last - first + 1)) raw.end();
    else raw.destroy();
  } catch (error) {
    request.log.error({ err: error }, 'a download broke off');
    raw.destroy();
  } finally {
    await file.close();
  }
  return reply;
};
