import type { FastifyReply } from 'fastify';

/** Aborts when the client has gone, or has got its answer. */
export const goneSignal = (reply: FastifyReply): AbortSignal => {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
};
