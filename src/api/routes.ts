import { addAttachRoute } from './builds/attach/route.ts';
import { addArtifactListRoute, addArtifactRoute } from './artifacts/routes.ts';
import { addRebuildRoute, addRetryRoute } from './builds/again.ts';
import { addEndRoutes } from './builds/end.ts';
import { addHistoryRoutes } from './builds/history.ts';
import { addListRoute } from './builds/list.ts';
import { addLookRoute } from './builds/look.ts';
import { addResultRoute, addStatusRoute } from './builds/result.ts';
import { addScreenRoute } from './builds/screen.ts';
import { addBuildTextRoutes } from './builds/texts.ts';
import { addEventRoutes } from './builds/events/route.ts';
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
import { addMediaListRoute, addMediumForgetRoute, addMediumUploadRoute } from './media/routes.ts';
import { addSecretForgetRoute, addSecretListRoute, addSecretStoreRoute } from './secrets/routes.ts';
import { addImportRoute } from './templates/import.ts';
import { addScheduleLookRoutes, addScheduleRunRoute, addScheduleStoreRoutes } from './schedules/routes.ts';
import { addStatisticsRoutes } from './statistics/routes.ts';
import { addTemplateListRoutes } from './templates/list.ts';
import { addTemplateLookRoutes } from './templates/look.ts';
import { addForgetRoute, addStoreRoute } from './templates/store.ts';
import { addVariableRoutes } from './templates/variables.ts';
import { addBoxRoute, addCatalogueRoute } from './vagrant/routes.ts';
import { makeTextRooms } from './builds/text-rooms.ts';
import type { View } from './builds/view.ts';
import type { Waits } from './builds/waits.ts';
import type { Feed } from './changes/feed.ts';
import type { App } from './server/app.ts';
import type { Timeouts } from './server/connections/timeouts.ts';
import { makeLongRequests, type LongRequests } from './server/streams/long-requests.ts';
import type { ApiParts } from './types.ts';

/** Where builds are looked at once for all who ask. */
export type ShownRoute = { readonly waits: Waits; readonly feed: Feed };

/** What routes have in common. */
type Common = ShownRoute & { readonly view: View; readonly longRequests: LongRequests };

/** The daemon and what it says of itself. */
const addOwnRoutes = (app: App, parts: ApiParts): void => {
  addHostRoutes(app, parts);
  addReferenceRoutes(app, parts);
  addPageRoutes(app, parts);
};

const addBuildRoutes = (app: App, parts: ApiParts, { view, waits, longRequests }: Common): void => {
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
};

/** What builds have written, and what is done with those that have a machine. */
const addOutputRoutes = (app: App, parts: ApiParts, { view, feed, longRequests }: Common, timeouts: Timeouts): void => {
  const rooms = makeTextRooms(parts);
  addBuildTextRoutes(app, parts, rooms, longRequests);
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
  addAttachRoute(app, parts, { longRequests, timeouts, rooms });
  addDeliveryLookRoutes(app, parts);
  addRedeliverRoute(app, parts);
};

/** What builds begin with: media and layers. */
const addKeptRoutes = (app: App, parts: ApiParts): void => {
  addMediaListRoute(app, parts);
  addMediumUploadRoute(app, parts);
  addMediumForgetRoute(app, parts);
  addLayerListRoute(app, parts);
  addLayerLookRoute(app, parts);
  addLayerRemoveRoutes(app, parts);
};

const addRunRoutes = (app: App, parts: ApiParts, { view, longRequests }: Common): void => {
  addRunSubmitRoute(app, parts, view);
  addRunRebuildRoute(app, parts, view);
  addRunListRoute(app, parts, view);
  addRunLookRoute(app, parts, view, longRequests);
  addRunStatusRoute(app, parts);
  addRunResultRoute(app, parts, view, longRequests);
  addRunEventRoutes(app, parts, view, longRequests);
  addRunCancelRoute(app, parts, view);
};

/** Templates, the secrets that they name, and what is built of them by the clock. */
const addTemplateRoutes = (app: App, parts: ApiParts, { view }: Common): void => {
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

/** Every route, in the order of the contract. */
export const addRoutes = (app: App, parts: ApiParts, view: View, shown: ShownRoute, timeouts: Timeouts): void => {
  const common = { ...shown, view, longRequests: makeLongRequests(parts.limits.waitsPerToken, parts) };
  addOwnRoutes(app, parts);
  addBuildRoutes(app, parts, common);
  addOutputRoutes(app, parts, common, timeouts);
  addKeptRoutes(app, parts);
  addRunRoutes(app, parts, common);
  addTemplateRoutes(app, parts, common);
};
