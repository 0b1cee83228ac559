import type { FastifyReply, FastifyRequest } from 'fastify';
import { Fault } from '../../../base/fault.ts';

/** Counts the requests of each token that wait or follow. */
export type LongRequests = {
  /** Counts this one until its answer has ended. Throws `too_many_waiting`. */
  readonly count: (request: FastifyRequest, reply: FastifyReply) => void;
};

/** One client that forgets to end its long polls and followers must not take the places of all the others. */
export const makeLongRequests = (most: number): LongRequests => {
  const byToken = new Map<string, number>();
  return {
    count: ({ tokenId }, reply) => {
      const now = byToken.get(tokenId) ?? 0;
      if (now >= most)
        throw new Fault(
          'too_many_waiting',
          `The token has ${now} requests that wait or follow, and may have ${most}. End some, or ask again later.`,
          { expected: `at most ${most}`, saw: String(now) },
        );
      byToken.set(tokenId, now + 1);
      // nginx keeps an answer until it is whole, unless it is told not to (ngx_http_proxy_module, proxy_buffering).
      void reply.header('x-accel-buffering', 'no');
      reply.raw.once('close', () => {
        const left = (byToken.get(tokenId) ?? 1) - 1;
        if (left > 0) byToken.set(tokenId, left);
        else byToken.delete(tokenId);
      });
    },
  };
};
