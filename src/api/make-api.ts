import Fastify, { LogController, type FastifyBaseLogger } from 'fastify';
import { addRoutes, type ShownRoute } from './routes.ts';
import type { ApiParts } from './types.ts';
import type { App } from './server/app.ts';
import { addAuth } from './server/authentication/auth.ts';
import { addBodies } from './server/bodies.ts';
import { addConnections } from './server/connections/add-connections.ts';
import { addErrors, answerClientError, answerFrameworkError, writtenProblem } from './server/errors.ts';
import { addDocuments } from './contract/documents.ts';
import { addGracefulClose } from './server/connections/graceful-close.ts';
import { makeConnections } from './server/connections/connections.ts';
import { makeServers } from './server/connections/http-server.ts';
import { observeRequests } from './server/observe-requests.ts';
import { usualTimeouts, type Timeouts } from './server/connections/timeouts.ts';
import { watchPace } from './server/connections/watch-pace.ts';
import { addWebSockets } from './server/streams/web-sockets.ts';
import { makeLingeringClose } from '../base/http/lingering-close.ts';
import { Fault } from '../base/fault.ts';
import { makeFeed } from './changes/feed.ts';
import { addSessions } from './page/sessions.ts';
import { isAttachPath } from './builds/attach/route.ts';
import { makeView, type View } from './builds/view.ts';
import { makeWaits } from './builds/waits.ts';
import { compileValidator } from './server/validation.ts';

const unused = () => () => {
  throw new Error('a schema was compiled before the compilers were set');
};

// Connections that have been refused and still hold a descriptor.
const maxLingering = 16;

const showBuilds = (app: App, parts: ApiParts, view: View): ShownRoute => {
  const onTrouble = (error: unknown) => app.log.warn({ err: error }, 'a change of a build could not be told');
  const waits = makeWaits(parts, view);
  const feed = makeFeed({ ...parts, onTrouble }, view);
  app.addHook('onClose', () => {
    waits[Symbol.dispose]();
    feed[Symbol.dispose]();
  });
  return { waits, feed };
};

/**
 * The HTTP server for people and CI, ready to listen; listening is the caller's. It stops answering long polls and
 * followers when `parts.signal` aborts, and lets everything go when it is closed.
 */
export const makeApi = async (
  parts: ApiParts,
  { logger, timeouts = usualTimeouts }: { readonly logger?: FastifyBaseLogger; readonly timeouts?: Timeouts } = {},
): Promise<App> => {
  const { clock, ids, limits } = parts;
  const lingering = makeLingeringClose({ most: maxLingering, withinMs: timeouts.leaveMs, clock });
  const noRoom = new Fault(
    'too_many_connections',
    `This host holds as many connections as it can, or as it grants to one address. Try again in a moment.`,
  );
  const connections = makeConnections(limits.connections, clock, (socket) =>
    lingering.close(socket, writtenProblem(noRoom, ids)),
  );
  const pace = watchPace({
    held: connections.held,
    timeouts,
    clock,
    tooSlow: (socket, fault) => lingering.close(socket, writtenProblem(fault, ids)),
  });
  // A random id for every request would cost as much as finding the build it asks for: one for this run, and a count.
  const run = ids.id();
  let requests = 0;
  const app: App = Fastify({
    ...(logger ? { loggerInstance: logger } : { logger: false }),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => `${run}-${(requests += 1)}`,
    bodyLimit: limits.bodyBytes,
    routerOptions: { maxParamLength: 256 },
    serverFactory: makeServers({
      timeouts,
      admit: connections.admit,
      clientError: answerClientError(ids, lingering.close),
      warn: (facts, message) => logger?.warn(facts, message),
    }),
    forceCloseConnections: true,
    // Fastify would set it on the first of its servers alone; `makeServers` has set it on each.
    clientErrorHandler: () => undefined,
    frameworkErrors: answerFrameworkError,
    // Fastify would load Ajv and fast-json-stringify for what is set below: a tenth of the daemon's start.
    schemaController: { compilersFactory: { buildValidator: unused, buildSerializer: unused } },
  });
  app.setValidatorCompiler(compileValidator);
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));

  const view = makeView(parts.outputs);
  const shown = showBuilds(app, parts, view);

  await addWebSockets(app, isAttachPath);
  observeRequests(app, parts);
  addGracefulClose(app, clock);
  addErrors(app);
  const bearerOf = addAuth(app, parts);
  addConnections(app, { connections, lingering, pace, timeouts });
  addBodies(app, limits, pace);
  await addDocuments(app, parts.version);
  await addSessions(app, parts, bearerOf);
  addRoutes(app, parts, view, shown, timeouts);
  await app.ready();
  return app;
};
