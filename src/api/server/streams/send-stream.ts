import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { cleanupStack } from '../../../base/cleanup.ts';
import type { Clock } from '../../../base/clock.ts';

/** The parts of a stream, each as it comes. */
export type Parts = AsyncIterator<string | Uint8Array, void>;

/** What tells a silent stream from a dead one, and says nothing. */
export type Beats = { readonly heartbeat: string; readonly clock: Pick<Clock, 'every'> };

// nginx closes what is silent for a minute (ngx_http_proxy_module, proxy_read_timeout), others earlier.
const heartbeatMs = 15_000;

/** The parts as a stream; with `beats`, a heartbeat between them as often as proxies want to hear something. */
const streamOf = (parts: Parts, highWaterMark: number, beats: Beats | undefined): Readable => {
  const cleanup = cleanupStack();
  cleanup.defer(async () => void (await parts.return?.()));
  let isAsked = false;
  const take = ({ done, value }: IteratorResult<string | Uint8Array, void>) => {
    isAsked = false;
    if (!stream.destroyed) stream.push(done === true ? null : value);
  };
  const fail = (error: Error) => void stream.destroy(error);
  const stream = new Readable({
    highWaterMark,
    read: () => {
      if (isAsked) return;
      isAsked = true;
      parts.next().then(take, fail);
    },
    destroy: (error, destroyed) => {
      const end = (failed?: Error) => destroyed(error ?? failed);
      cleanup[Symbol.asyncDispose]().then(() => end(), end);
    },
  });
  if (beats !== undefined) {
    const { heartbeat, clock } = beats;
    // One who takes nothing is not asked for more, and need not hear that there is none.
    cleanup.keep(clock.every(heartbeatMs, () => isAsked && stream.push(heartbeat)));
  }
  return stream;
};

/** Sends what comes, as it comes. The headers go out at once: a client wants to know that it follows. */
export const sendStream = (reply: FastifyReply, parts: Parts, highWaterMark: number, beats?: Beats): FastifyReply => {
  reply.raw.once('pipe', () => reply.raw.flushHeaders());
  return reply.send(streamOf(parts, highWaterMark, beats));
};

/** Answers HEAD with the headers alone. An empty text would set a length of zero, where that of GET is another or not known. */
export const sendHead = (reply: FastifyReply): FastifyReply => reply.send(Readable.from([]));
