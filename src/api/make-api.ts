import Fastify, { LogController, type FastifyBaseLogger } from 'fastify';
import type { ApiParts } from './types.ts';
import type { App } from './app.ts';
import { addAuth } from './auth.ts';
import { addBodies } from './bodies.ts';
import { addErrors, answerClientError, answerFrameworkError } from './errors.ts';
import { addDocuments } from './documents.ts';
import { addFarewell } from './farewell.ts';
import { addArtifactRoutes } from './routes-artifacts.ts';
import { addBuildRoutes } from './routes-builds.ts';
import { addBuildTextRoutes } from './routes-build-texts.ts';
import { addEventRoutes } from './routes-events.ts';
import { addHoldRoutes } from './routes-hold.ts';
import { addSubmitRoute } from './routes-submit.ts';
import { addSystemRoutes } from './routes-system.ts';
import { addTemplateRoutes } from './routes-templates.ts';
import { makeView } from './view.ts';
import { makeWaits } from './waits.ts';
import { compileValidator } from './validation.ts';

const unused = () => () => {
  throw new Error('a schema was compiled before the compilers were set');
};

/**
 * The HTTP server for people and CI, ready to listen; listening is the caller's. It stops answering long polls and
 * followers when `parts.signal` aborts, and lets everything go when it is closed.
 */
export const makeApi = async (
  parts: ApiParts,
  { logger }: { readonly logger?: FastifyBaseLogger } = {},
): Promise<App> => {
  // A random id for every request would cost as much as finding the build it asks for: one for this run, and a count.
  const run = parts.ids.id();
  let requests = 0;
  const app: App = Fastify({
    ...(logger ? { loggerInstance: logger } : { logger: false }),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => `${run}-${(requests += 1)}`,
    bodyLimit: parts.limits.bodyBytes,
    routerOptions: { maxParamLength: 256 },
    // A client that sends a body must come to its end; one that waits or follows sends nothing and is not meant.
    requestTimeout: 15 * 60_000,
    keepAliveTimeout: 75_000,
    http: { headersTimeout: 15_000, connectionsCheckingInterval: 5000, maxHeaderSize: 16 * 1024 },
    forceCloseConnections: true,
    clientErrorHandler: answerClientError(parts.ids),
    frameworkErrors: answerFrameworkError,
    // Fastify would load Ajv and fast-json-stringify for what is set below: a tenth of the daemon's start.
    schemaController: { compilersFactory: { buildValidator: unused, buildSerializer: unused } },
  });
  app.setValidatorCompiler(compileValidator);
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));

  const view = makeView(parts.files);
  const waits = makeWaits(parts.store, view, parts.clock, parts.signal);
  app.addHook('onClose', () => waits[Symbol.dispose]());

  addFarewell(app, parts.clock);
  addErrors(app);
  addAuth(app, parts);
  addBodies(app, parts.limits);
  await addDocuments(app, parts.version);
  addSystemRoutes(app, parts);
  addSubmitRoute(app, parts, view);
  addBuildRoutes(app, parts, view, waits);
  addBuildTextRoutes(app, parts);
  addEventRoutes(app, parts, view);
  addArtifactRoutes(app, parts);
  addHoldRoutes(app, parts);
  addTemplateRoutes(app, parts);
  await app.ready();
  return app;
};
