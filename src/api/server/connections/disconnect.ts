import type { FastifyReply } from 'fastify';

// Made once: an abort without a reason makes an error with a stack each time, for every request that ends well.
const reason = new Error('The client has gone, or has got its answer');

/** Aborts when the client has gone, or has got its answer. */
export const disconnectSignal = (reply: FastifyReply): AbortSignal => {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort(reason));
  return gone.signal;
};

/** Calls back when the client has gone, unless disposed before: what thousands of waiters can afford. */
export const onDisconnect = (reply: FastifyReply, leave: () => void): Disposable => {
  reply.raw.once('close', leave);
  return { [Symbol.dispose]: () => reply.raw.off('close', leave) };
};
