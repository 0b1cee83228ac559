import { chmod, lchown, lstat, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { fastify } from 'fastify';
import { isErrno } from '../../base/errno.ts';
import { Fault } from '../../base/fault.ts';
import type { ListenAt } from '../../base/hardware.ts';
import { admitOnly } from '../../base/http/admit-only.ts';
import { systemClock } from '../../base/clock.ts';
import { connectionsOfEndpoint } from '../../base/descriptors.ts';
import { makeFarewells } from '../../base/http/farewells.ts';
import { answerRequest } from './answer-request.ts';
import { makeAnswerSets } from './answer-sets.ts';
import { makeFindAnswer } from './find-answer.ts';
import { makeLedger, type Exchange, type Ledger } from './request-log.ts';
import type { Endpoint, EndpointSpec, ServeEndpoint } from './types.ts';

/** What a guest can hold of the daemon: it is hostile until proven otherwise. */
export type EndpointLimits = {
  readonly connections: number;
  /** Requests of one connection that wait for their answers. */
  readonly waiting: number;
  readonly headerBytes: number;
  /** For a request line and its headers to arrive. */
  readonly requestMs: number;
  /** A connection on which not one byte moves. */
  readonly silentMs: number;
  /** Between two requests of one connection. */
  readonly idleMs: number;
  /** To close, for a connection that was refused. */
  readonly leaveMs: number;
  /** How often node looks for requests that take too long. */
  readonly lookEveryMs: number;
};

const usualLimits: EndpointLimits = {
  connections: connectionsOfEndpoint,
  waiting: 16,
  headerBytes: 8 * 1024,
  requestMs: 20_000,
  // An emulated guest that writes a set to its disk may pause long.
  silentMs: 120_000,
  idleMs: 30_000,
  leaveMs: 1000,
  lookEveryMs: 5000,
};

// Refused connections that still hold a descriptor.
const mostFarewells = 2;

const noRoom = 'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/**
 * Serves one machine, and nobody else: a Unix socket of mode 0600, or a TCP port where every other peer's connection is
 * destroyed unread and told with status 403. Throws `endpoint_failed` when the address cannot be listened on.
 */
export const serveEndpoint: ServeEndpoint = (spec) => serveEndpointWithin(usualLimits, spec);

/** `serveEndpoint` with limits of the caller's choice. */
export const serveEndpointWithin = async (
  limits: EndpointLimits,
  { at, sharedListener, answers, hostname, onRequest, room = async () => undefined, sets }: EndpointSpec,
): Promise<Endpoint> => {
  const find = makeFindAnswer({ answers, hostname });
  const answerSets = makeAnswerSets(answers, sets);
  const known = [...answers.keys()];
  const ledger = makeLedger(onRequest);
  const exchanges = new WeakMap<object, Exchange>();

  const app = fastify({
    // The router never sees what the guest wrote; `originalUrl` keeps it for the one hook that answers everything.
    rewriteUrl: () => '/',
    forceCloseConnections: true,
    connectionTimeout: limits.silentMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs,
    http: {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.lookEveryMs,
      // Simple clients leave Host out even where they speak HTTP/1.1.
      requireHostHeader: false,
    },
    clientErrorHandler: (error, socket) => refuseGarbage(error, socket, ledger),
  });
  // A simple client says all it has to say and closes its half (nc, RFC 9112 9.6); without this, Node drops the reply.
  Object.assign(app.server, { httpAllowHalfOpen: true });
  // Node makes thousands of requests of one packet, whether or not anybody can answer them. No honest guest sends more
  // than one at a time: all of its connections are cut, and new ones for a while, so that it costs the host one packet.
  const penance = makePenance();
  app.server.removeAllListeners('request').on('request', (request, reply) => {
    const { socket } = request;
    if (socket.destroyed) return;
    if (ledger.waiting(socket) < limits.waiting) return app.routing(request, reply);
    ledger.tellStranger(socket, 429, `more than ${limits.waiting} requests came at once on one connection`);
    penance.begin();
    ledger.cutAll();
  });
  const farewells = makeFarewells({ most: mostFarewells, withinMs: limits.leaveMs, clock: systemClock });
  let held = 0;
  let isFull = false;
  admitOnly(app.server, (socket) => {
    if ('peer' in at && plainAddress(socket) !== at.peer) {
      ledger.tellStranger(socket, 403, `only ${at.peer} may connect`);
      socket.destroy();
      return false;
    }
    if (penance.isOn()) {
      socket.destroy();
      return false;
    }
    if (held >= limits.connections) {
      // Once, until there is room again: a guest must not fill its build's log by knocking.
      if (!isFull) ledger.tellStranger(socket, 503, `the guest holds ${held} connections, which is all it may`);
      isFull = true;
      farewells.say(socket, noRoom);
      return false;
    }
    held++;
    isFull = false;
    socket.once('close', () => held--);
    ledger.follow(socket);
    return true;
  });
  // To take a connection may fail for want of descriptors. Its client comes again; where listening fails, `listen` tells.
  app.server.on('error', () => undefined);
  // In the first hook, so that no body is ever read.
  app.addHook('onRequest', async (request, reply) => {
    const exchange = ledger.begin(request, reply);
    exchanges.set(request, exchange);
    await room();
    return answerRequest(find, answerSets, known, request, reply, exchange);
  });
  app.setErrorHandler((error, request, reply) => {
    exchanges.get(request)?.note(error instanceof Error ? error.message : String(error));
    // That of the file whose first byte never came.
    reply.removeHeader('content-length');
    return reply.code(500).type('text/plain; charset=utf-8').send('This could not be made. The build knows why.\n');
  });
  await listen(app, at);
  // To the server a connection through the shared listener is one of its own.
  const admitted =
    'peer' in at ? sharedListener?.admit(at.peer, (socket) => app.server.emit('connection', socket)) : undefined;
  return {
    [Symbol.asyncDispose]: async () => {
      admitted?.[Symbol.dispose]();
      farewells[Symbol.dispose]();
      await app.close();
      ledger.finish();
    },
  };
};

const firstPenanceMs = 1000;
const longestPenanceMs = 60_000;

/** How long nobody is let in: longer each time. */
const makePenance = () => {
  let until = -Infinity;
  let ms = firstPenanceMs;
  return {
    isOn: () => performance.now() < until,
    begin: () => {
      until = performance.now() + ms;
      ms = Math.min(ms * 2, longestPenanceMs);
    },
  };
};

type Listening = {
  readonly listen: (at: { path: string } | { host: string; port: number }) => Promise<string>;
  readonly close: () => Promise<undefined>;
};

const listen = async (app: Listening, at: ListenAt) => {
  try {
    if ('path' in at) {
      // Left by a daemon that was killed; anything else in its place is not ours to remove.
      const left = await lstat(at.path).catch(() => undefined);
      if (left?.isSocket()) await rm(at.path);
      await app.listen({ path: at.path });
      await chmod(at.path, 0o600);
      if (at.owner !== undefined) await lchown(at.path, at.owner, at.owner);
    } else await app.listen({ host: at.host, port: at.port });
  } catch (error) {
    await app.close();
    const place = 'path' in at ? at.path : `${at.host}:${at.port}`;
    const reason = error instanceof Error ? error.message : String(error);
    const isAbsent = isErrno(error, 'EADDRNOTAVAIL');
    throw new Fault(
      'endpoint_failed',
      `Nothing can listen at ${place}: ${reason}`,
      { place, ...(isAbsent ? { addressIsAbsent: true } : {}) },
      { cause: error },
    );
  }
};

// A listener on :: sees IPv4 peers in their mapped form (RFC 4291, 2.5.5.2).
const plainAddress = (socket: Socket) => socket.remoteAddress?.replace(/^::ffff:/i, '');

const refusals: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};

const refuseGarbage = (error: Error & { code?: string }, socket: Socket, ledger: Ledger) => {
  const { code = '' } = error;
  const isGarbage = code.startsWith('HPE_') || code in refusals;
  // Behind a reply that is on its way nothing can be said, and a connection that broke by itself hears nothing.
  if (!isGarbage || !socket.writable || ledger.waiting(socket) > 0) {
    socket.destroy();
    return;
  }
  const [status, title] = refusals[code] ?? [400, 'Bad Request'];
  ledger.tellStranger(socket, status, `what came is not an HTTP request: ${code}`);
  socket.write(`HTTP/1.1 ${status} ${title}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  socket.destroySoon();
};
