import { fastify } from 'fastify';
import { admitGuest } from './admit-guest.ts';
import { answerRequest } from './answer-request.ts';
import { makeAnswerSets } from './answer-sets.ts';
import { makeFindAnswer } from './find-answer.ts';
import { usualLimits, type EndpointLimits } from './limits.ts';
import { listen } from './listen.ts';
import { makeLockout, type Lockout } from './lockout.ts';
import { refuseGarbage } from './refuse-garbage.ts';
import { makeRequestLog, type Exchange, type RequestLog } from './request-log.ts';
import { plain } from './send-text.ts';
import type { Endpoint, EndpointSpec, ServeEndpoint } from './types.ts';

const makeServer = (limits: EndpointLimits, requests: RequestLog) => {
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
    clientErrorHandler: (error, socket) => refuseGarbage(error, socket, requests),
  });
  // A simple client says all it has to say and closes its half (nc, RFC 9112 9.6); without this, Node drops the reply.
  Object.assign(app.server, { httpAllowHalfOpen: true });
  return app;
};

/**
 * Node makes thousands of requests of one packet, whether or not anybody can answer them. No honest guest sends more than
 * one at a time: all of its connections are cut, and new ones for a while, so that it costs the host one packet.
 */
const refusePipelines = (
  app: ReturnType<typeof makeServer>,
  limits: EndpointLimits,
  requests: RequestLog,
  lockout: Lockout,
): void => {
  app.server.removeAllListeners('request').on('request', (request, reply) => {
    const { socket } = request;
    if (socket.destroyed) return;
    if (requests.waiting(socket) < limits.waiting) return app.routing(request, reply);
    requests.tellStranger(socket, 429, `more than ${limits.waiting} requests came at once on one connection`);
    lockout.begin();
    requests.cutAll();
  });
};

/**
 * Serves one machine, and nobody else: a Unix socket of mode 0600, or a TCP port where every other peer's connection is
 * destroyed unread and told with status 403. Throws `endpoint_failed` when the address cannot be listened on.
 */
export const serveEndpoint: ServeEndpoint = (spec) => serveEndpointWithin(usualLimits, spec);

/** `serveEndpoint` with limits of the caller's choice. */
export const serveEndpointWithin = async (
  limits: EndpointLimits,
  { at, sharedListener, answers, hostname, onRequest, onUnread, room = async () => undefined, sets }: EndpointSpec,
): Promise<Endpoint> => {
  const find = makeFindAnswer({ answers, hostname });
  const answerSets = makeAnswerSets(answers, sets);
  // A folder is no address.
  const known = [...answers].flatMap(([path, { kind }]) => (kind === 'folder' ? [] : [path]));
  const requests = makeRequestLog(onRequest, onUnread);
  const exchanges = new WeakMap<object, Exchange>();

  const app = makeServer(limits, requests);
  const lockout = makeLockout();
  refusePipelines(app, limits, requests, lockout);
  const connections = admitGuest(app.server, at, { limits, requests, lockout });
  // To take a connection may fail for want of descriptors. Its client comes again; where listening fails, `listen` tells.
  app.server.on('error', () => undefined);
  // In the first hook, so that no body is ever read.
  app.addHook('onRequest', async (request, reply) => {
    const exchange = requests.begin(request, reply);
    exchanges.set(request, exchange);
    await room();
    return answerRequest(find, answerSets, known, request, reply, exchange);
  });
  app.setErrorHandler((error, request, reply) => {
    exchanges.get(request)?.note(error instanceof Error ? error.message : String(error));
    // That of the file whose first byte never came.
    reply.removeHeader('content-length');
    return reply.code(500).type(plain).send('This could not be made. The build knows why.\n');
  });
  await listen(app, at);
  // To the server a connection through the shared listener is one of its own.
  const admitted =
    'peer' in at ? sharedListener?.admit(at.peer, (socket) => app.server.emit('connection', socket)) : undefined;
  return {
    [Symbol.asyncDispose]: async () => {
      admitted?.[Symbol.dispose]();
      connections[Symbol.dispose]();
      await app.close();
      requests.finish();
    },
  };
};
