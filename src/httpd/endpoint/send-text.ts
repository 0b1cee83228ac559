import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Exchange } from './request-log.ts';

export const plain = 'text/plain; charset=utf-8';

/** Sends a text, and counts its bytes once all of them have gone out. */
export const sendText = (
  request: FastifyRequest,
  reply: FastifyReply,
  exchange: Exchange,
  text: string,
  type: string = plain,
): FastifyReply => {
  const length = Buffer.byteLength(text);
  exchange.sends(() => (request.method !== 'HEAD' && reply.raw.writableFinished ? length : 0));
  return reply.type(type).send(text);
};
