import { performance } from 'node:perf_hooks';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { visible } from '../../base/text/visible.ts';
import type { EndpointRequest } from './types.ts';

/** One request and its reply. It is told once, when the reply has ended or its connection has gone. */
export type Exchange = {
  /** Says how many bytes of the body have been handed over so far, and what they come from. */
  readonly sends: (bytes: () => number, source?: Readable) => void;
  /** The reply cannot be completed: its connection is cut. */
  readonly fail: (error: string) => void;
  /** The reply is complete, but it is not the one that was asked for. */
  readonly note: (error: string) => void;
  /** Aborts when the exchange is over, however it ended. */
  readonly over: AbortSignal;
  /** Is called with the bytes of the body that were sent, once, when the exchange is over. */
  readonly afterwards: (tell: (bytes: number) => void) => void;
};

export type RequestLog = {
  /** Follows a connection from its first moment. */
  readonly follow: (socket: Socket) => void;
  readonly begin: (request: FastifyRequest, reply: FastifyReply) => Exchange;
  /** Tells of a connection that never came to a request. */
  readonly tellStranger: (socket: Socket, status: number, error: string) => void;
  /** Ends what the closing of the listener has cut off: the last are told before it has gone. */
  readonly finish: () => void;
  /** Cuts every connection. */
  readonly cutAll: () => void;
  /** How many requests of the connection have no whole reply yet. */
  readonly waiting: (socket: Socket) => number;
};

// The guest chooses these texts. They go to logs and terminals, and are not longer than a person reads.
const longestUrl = 512;
const longestUserAgent = 200;

/** A text of a guest's making as it may be shown: control characters are named, and it is cut. */
export const tame = (text: string, most: number): string => visible(text.slice(0, most)).replace(/[\t\n]/g, ' ');

const sourceOf = (socket: Socket) => socket.remoteAddress ?? 'unix';

/** One exchange, and what ends it; `ended` is called once, before it is told. */
const makeExchange = (
  request: FastifyRequest,
  reply: FastifyReply,
  onRequest: (request: EndpointRequest) => void,
  ended: (end: () => void) => void,
): { readonly exchange: Exchange; readonly end: () => void } => {
  const { socket, method, headers } = request.raw;
  const from = sourceOf(socket);
  const startedAt = performance.now();
  let bytes = () => 0;
  let source: Readable | undefined;
  let error: string | undefined = 'the connection was closed before the reply had ended';
  let trouble: string | undefined;
  let isOver = false;
  const over = new AbortController();
  const tellers: ((bytes: number) => void)[] = [];
  const end = () => {
    if (isOver) return;
    isOver = true;
    ended(end);
    const why = trouble ?? error;
    const userAgent = headers['user-agent'];
    onRequest({
      method: tame(method ?? '-', 32),
      url: tame(request.originalUrl, longestUrl),
      // 499 is nginx's word for a client that left before it was answered.
      status: reply.raw.headersSent ? reply.raw.statusCode : 499,
      bytes: bytes(),
      ms: performance.now() - startedAt,
      from,
      ...(trouble === undefined && error !== undefined ? { isCutOff: true } : {}),
      ...(userAgent === undefined ? {} : { userAgent: tame(userAgent, longestUserAgent) }),
      ...(why === undefined ? {} : { error: why }),
    });
    tellers.forEach((tell) => tell(bytes()));
    source?.destroy();
    over.abort(new Error('the reply has ended'));
  };
  reply.raw.once('finish', () => (error = undefined));
  reply.raw.once('close', end);
  const exchange: Exchange = {
    sends: (count, from_) => {
      bytes = count;
      source = from_;
      if (isOver) source?.destroy();
    },
    fail: (why) => {
      trouble = why;
      socket.destroy();
    },
    note: (why) => {
      trouble = why;
    },
    over: over.signal,
    afterwards: (tell) => tellers.push(tell),
  };
  return { exchange, end };
};

/**
 * The requests of an endpoint: each is told exactly once, however its connection ends. `onUnread` is told of connections
 * that went with a reply unread or without a request, which no request can show.
 */
export const makeRequestLog = (
  onRequest: (request: EndpointRequest) => void,
  onUnread: (what: string) => void = () => undefined,
): RequestLog => {
  // By connection: node emits no event on the replies that wait behind another one when their connection breaks.
  const open = new Map<Socket, Set<() => void>>();
  const asked = new WeakSet<Socket>();
  const answered = new WeakMap<Socket, string>();
  return {
    follow: (socket) => {
      const ends = new Set<() => void>();
      open.set(socket, ends);
      // A Unix peer that dies with bytes unread resets the connection (unix(7)).
      socket.once('error', () => {
        const reply = answered.get(socket);
        if (reply !== undefined && ends.size === 0) onUnread(`the reply to ${reply} was not read to its end`);
      });
      socket.once('close', () => {
        open.delete(socket);
        if (!asked.has(socket)) onUnread('a connection ended before it had asked for anything');
        ends.forEach((end) => end());
      });
    },
    finish: () => open.forEach((ends) => ends.forEach((end) => end())),
    cutAll: () => [...open.keys()].forEach((socket) => socket.destroy()),
    waiting: (socket) => open.get(socket)?.size ?? 0,
    tellStranger: (socket, status, error) =>
      onRequest({ method: '-', url: '-', status, bytes: 0, ms: 0, from: sourceOf(socket), error }),
    begin: (request, reply) => {
      const { socket, method } = request.raw;
      const ends = open.get(socket);
      asked.add(socket);
      reply.raw.once('finish', () =>
        answered.set(socket, `${tame(method ?? '-', 32)} ${tame(request.originalUrl, longestUrl)}`),
      );
      const { exchange, end } = makeExchange(request, reply, onRequest, (own) => ends?.delete(own));
      ends?.add(end);
      return exchange;
    },
  };
};
