import type { FastifyReply, FastifyRequest } from 'fastify';
import { contentRange, partAsked } from '../../base/http/byte-range.ts';
import { isKnownState } from '../../base/http/etags.ts';
import { sendText } from './send-text.ts';
import type { Exchange } from './request-log.ts';
import type { FoundAnswer } from './find-answer.ts';

export type ServedFile = Extract<FoundAnswer, { kind: 'file' }>;

const blockBytes = 256 * 1024;

/**
 * Sends a regular file, or the range of it that was asked for, or that the guest has it already, and closes it. The length is always told, so that nothing
 * is sent in chunks; a file that shrinks meanwhile ends the connection, since its client would wait for ever.
 */
export const sendFile = async (
  { handle, stats }: ServedFile,
  request: FastifyRequest,
  reply: FastifyReply,
  exchange: Exchange,
): Promise<FastifyReply> => {
  const tag = `"${stats.size.toString(36)}-${Math.round(stats.mtimeMs).toString(36)}"`;
  const modified = stats.mtime.toUTCString();
  reply.headers({ 'accept-ranges': 'bytes', etag: tag, 'last-modified': modified });

  if (isKnownState(request, tag, stats.mtime)) {
    await handle.close();
    return reply.code(304).send();
  }
  const part = partAsked(request, stats.size, [tag, modified]);
  if (part.kind === 'outside') {
    await handle.close();
    reply.code(416).header('content-range', contentRange(part, stats.size));
    return sendText(request, reply, exchange, `The file has ${stats.size} bytes.\n`);
  }
  const { first, last } = part.kind === 'whole' ? { first: 0, last: stats.size - 1 } : part;
  const length = last - first + 1;
  if (part.kind === 'part') reply.code(206).header('content-range', contentRange(part, stats.size));
  reply.type('application/octet-stream').header('content-length', length);
  if (request.method === 'HEAD' || length === 0) {
    await handle.close();
    return reply.send();
  }
  const stream = handle.createReadStream({ start: first, end: last, highWaterMark: blockBytes });
  stream.once('end', () => {
    if (stream.bytesRead < length) exchange.fail(`the file shrank while it was sent, after ${stream.bytesRead} bytes`);
  });
  exchange.sends(() => stream.bytesRead - stream.readableLength, stream);
  return reply.send(stream);
};
