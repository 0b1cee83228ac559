import Fastify, { LogController, type FastifyBaseLogger } from 'fastify';
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
import { makeLongRequests } from './server/streams/long-requests.ts';
import { watchPace } from './server/connections/watch-pace.ts';
import { addWebSockets } from './server/streams/web-sockets.ts';
import { makeLingeringClose } from '../base/http/lingering-close.ts';
import { Fault } from '../base/fault.ts';
import { addAttachRoute, isAttachPath } from './builds/attach/route.ts';
import { addArtifactListRoute, addArtifactRoute } from './artifacts/routes.ts';
import { addRebuildRoute, addRetryRoute } from './builds/again.ts';
import { addEndRoutes } from './builds/end.ts';
import { addHistoryRoutes } from './builds/history.ts';
import { addListRoute } from './builds/list.ts';
import { addLookRoute } from './builds/look.ts';
import { addResultRoute, addStatusRoute } from './builds/result.ts';
import { addScreenRoute } from './builds/screen.ts';
import { makeTextRooms } from './builds/text-rooms.ts';
import { addBuildTextRoutes } from './builds/texts.ts';
import { addEventRoutes } from './builds/events/route.ts';
import { makeFeed, type Feed } from './changes/feed.ts';
import { addChangeRoutes } from './changes/routes.ts';
import { addDetachRoutes, addKeysRoute } from './builds/console.ts';
import { addHoldRoutes } from './builds/hold.ts';
import { addPinRoutes } from './builds/pin.ts';
import { addResumeRoute } from './builds/resume.ts';
import { addSubmitRoute } from './builds/submit.ts';
import { addRunCancelRoute } from './runs/cancel.ts';
import { addRunEventRoutes } from './runs/events.ts';
import { addRunListRoute, addRunLookRoute } from './runs/look.ts';
import { addRunRebuildRoute } from './runs/rebuild.ts';
import { addRunResultRoute, addRunStatusRoute } from './runs/result.ts';
import { addRunSubmitRoute } from './runs/submit.ts';
import { addDeliveryLookRoutes, addRedeliverRoute } from './deliveries/routes.ts';
import { addReferenceRoutes } from './host/reference.ts';
import { addHostRoutes } from './host/routes.ts';
import { addQueueRoute } from './queue/routes.ts';
import { addLayerListRoute, addLayerLookRoute, addLayerRemoveRoutes } from './layers/routes.ts';
import { addPageRoutes } from './page/files.ts';
import { addSessions } from './page/sessions.ts';
import { addMediaListRoute, addMediumForgetRoute, addMediumUploadRoute } from './media/routes.ts';
import { addSecretForgetRoute, addSecretListRoute, addSecretStoreRoute } from './secrets/routes.ts';
import { addImportRoute } from './templates/import.ts';
import { addScheduleLookRoutes, addScheduleRunRoute, addScheduleStoreRoutes } from './schedules/routes.ts';
import { addStatisticsRoutes } from './statistics/routes.ts';
import { addTemplateListRoutes } from './templates/list.ts';
import { addTemplateLookRoutes } from './templates/look.ts';
import { addForgetRoute, addStoreRoute } from './templates/store.ts';
import { addVariableRoutes } from './templates/variables.ts';
import { makeView, type View } from './builds/view.ts';
import { makeWaits, type Waits } from './builds/waits.ts';
import { addBoxRoute, addCatalogueRoute } from './vagrant/routes.ts';
import { compileValidator } from './server/validation.ts';

const unused = () => () => {
  throw new Error('a schema was compiled before the compilers were set');
};

// Connections that have been refused and still hold a descriptor.
const maxLingering = 16;

/** Where builds are looked at once for all who ask. */
type Shown = { readonly waits: Waits; readonly feed: Feed };

const showBuilds = (app: App, parts: ApiParts, view: View): Shown => {
  const onTrouble = (error: unknown) => app.log.warn({ err: error }, 'a change of a build could not be told');
  const waits = makeWaits(parts, view);
  const feed = makeFeed({ ...parts, onTrouble }, view);
  app.addHook('onClose', () => {
    waits[Symbol.dispose]();
    feed[Symbol.dispose]();
  });
  return { waits, feed };
};

/** Every route, in the order of the contract. */
const addRoutes = (app: App, parts: ApiParts, view: View, { waits, feed }: Shown, timeouts: Timeouts): void => {
  const longRequests = makeLongRequests(parts.limits.waitsPerToken, parts);
  addHostRoutes(app, parts);
  addReferenceRoutes(app, parts);
  addPageRoutes(app, parts);
  addSubmitRoute(app, parts, view);
  addRetryRoute(app, parts, view);
  addRebuildRoute(app, parts, view);
  addListRoute(app, parts, view);
  addQueueRoute(app, parts, view);
  addLookRoute(app, waits, longRequests);
  addStatusRoute(app, parts);
  addResultRoute(app, view, waits, longRequests);
  addHistoryRoutes(app, parts, view);
  addEndRoutes(app, parts, view);
  const texts = makeTextRooms(parts);
  addBuildTextRoutes(app, parts, texts, longRequests);
  addScreenRoute(app, parts);
  addEventRoutes(app, parts, view, longRequests);
  addChangeRoutes(app, parts, feed, longRequests);
  addArtifactListRoute(app, parts);
  addArtifactRoute(app, parts);
  addCatalogueRoute(app, parts);
  addBoxRoute(app, parts);
  addHoldRoutes(app, parts);
  addPinRoutes(app, parts, view);
  addResumeRoute(app, parts);
  addDetachRoutes(app, parts);
  addKeysRoute(app, parts);
  addAttachRoute(app, parts, { longRequests, timeouts, rooms: texts });
  addDeliveryLookRoutes(app, parts);
  addRedeliverRoute(app, parts);
  addMediaListRoute(app, parts);
  addMediumUploadRoute(app, parts);
  addMediumForgetRoute(app, parts);
  addLayerListRoute(app, parts);
  addLayerLookRoute(app, parts);
  addLayerRemoveRoutes(app, parts);
  addRunSubmitRoute(app, parts, view);
  addRunRebuildRoute(app, parts, view);
  addRunListRoute(app, parts, view);
  addRunLookRoute(app, parts, view, longRequests);
  addRunStatusRoute(app, parts);
  addRunResultRoute(app, parts, view, longRequests);
  addRunEventRoutes(app, parts, view, longRequests);
  addRunCancelRoute(app, parts, view);
  addSecretListRoute(app, parts);
  addSecretStoreRoute(app, parts);
  addSecretForgetRoute(app, parts);
  addStoreRoute(app, parts);
  addImportRoute(app, parts);
  addForgetRoute(app, parts);
  addTemplateListRoutes(app, parts);
  addTemplateLookRoutes(app, parts);
  addVariableRoutes(app, parts);
  addScheduleStoreRoutes(app, parts);
  addScheduleLookRoutes(app, parts);
  addScheduleRunRoute(app, parts, view);
  addStatisticsRoutes(app, parts);
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
