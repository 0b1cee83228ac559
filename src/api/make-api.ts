import Fastify, { LogController, type FastifyBaseLogger } from 'fastify';
import type { ApiParts } from './types.ts';
import type { App } from './server/app.ts';
import { addAuth } from './server/auth.ts';
import { addBodies } from './server/bodies.ts';
import { addConnections } from './server/add-connections.ts';
import { addErrors, answerClientError, answerFrameworkError, writtenProblem } from './server/errors.ts';
import { addDocuments } from './contract/documents.ts';
import { addFarewell } from './server/farewell.ts';
import { makeConnections } from './server/connections.ts';
import { makeServers } from './server/http-server.ts';
import { usualPatience, type Patience } from './server/patience.ts';
import { makeStaying } from './server/staying.ts';
import { watchPace } from './server/watch-pace.ts';
import { makeFarewells } from '../base/http/farewells.ts';
import { Fault } from '../base/fault.ts';
import { addArtifactRoutes } from './artifacts/routes.ts';
import { addBuildRoutes } from './builds/routes.ts';
import { addScreenRoute } from './builds/screen.ts';
import { addBuildTextRoutes } from './builds/texts.ts';
import { addEventRoutes } from './builds/events.ts';
import { addHoldRoutes } from './builds/hold.ts';
import { addSubmitRoute } from './builds/submit.ts';
import { addSystemRoutes } from './host/routes.ts';
import { addTemplateRoutes } from './templates/routes.ts';
import { makeView } from './builds/view.ts';
import { makeWaits } from './builds/waits.ts';
import { compileValidator } from './server/validation.ts';

const unused = () => () => {
  throw new Error('a schema was compiled before the compilers were set');
};

// Connections that have been refused and still hold a descriptor.
const mostFarewells = 16;

/**
 * The HTTP server for people and CI, ready to listen; listening is the caller's. It stops answering long polls and
 * followers when `parts.signal` aborts, and lets everything go when it is closed.
 */
export const makeApi = async (
  parts: ApiParts,
  { logger, patience = usualPatience }: { readonly logger?: FastifyBaseLogger; readonly patience?: Patience } = {},
): Promise<App> => {
  const { clock, ids, limits } = parts;
  const farewells = makeFarewells({ most: mostFarewells, withinMs: patience.leaveMs, clock });
  const noRoom = new Fault(
    'too_many_connections',
    `This host holds as many connections as it can, or as it grants to one address. Try again in a moment.`,
  );
  const connections = makeConnections(limits.connections, clock, (socket) =>
    farewells.say(socket, writtenProblem(noRoom, ids)),
  );
  const pace = watchPace({
    held: connections.held,
    patience,
    clock,
    tooSlow: (socket, fault) => farewells.say(socket, writtenProblem(fault, ids)),
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
      patience,
      admit: connections.admit,
      clientError: answerClientError(ids, farewells.say),
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

  const view = makeView(parts.files);
  const waits = makeWaits(parts.store, view, clock, parts.signal);
  app.addHook('onClose', () => waits[Symbol.dispose]());
  const staying = makeStaying(limits.waitsPerToken);

  addFarewell(app, clock);
  addErrors(app);
  addAuth(app, parts);
  addConnections(app, { connections, farewells, pace, patience });
  addBodies(app, limits, pace);
  await addDocuments(app, parts.version);
  addSystemRoutes(app, parts);
  addSubmitRoute(app, parts, view);
  addBuildRoutes(app, parts, view, waits, staying);
  addBuildTextRoutes(app, parts, staying);
  addScreenRoute(app, parts);
  addEventRoutes(app, parts, view, staying);
  addArtifactRoutes(app, parts);
  addHoldRoutes(app, parts);
  addTemplateRoutes(app, parts);
  await app.ready();
  return app;
};
