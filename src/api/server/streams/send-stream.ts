import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** Sends what comes, as it comes. The headers go out at once: a client wants to know that it follows. */
export const sendStream = (
  reply: FastifyReply,
  chunks: AsyncGenerator<string | Uint8Array, void>,
  highWaterMark: number,
): FastifyReply => {
  reply.raw.once('pipe', () => reply.raw.flushHeaders());
  return reply.send(Readable.from(chunks, { objectMode: false, highWaterMark }));
};
