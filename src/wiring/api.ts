import { isErrno } from '../base/errno.ts';
import type { Metrics } from '../api/host/metrics.ts';
import { makeApi } from '../api/make-api.ts';
import type { App } from '../api/server/app.ts';
import type { ApiParts } from '../api/types.ts';
import { connectionLimits } from '../base/descriptors.ts';
import { Fault } from '../base/fault.ts';
import { version } from '../base/package.ts';
import type { Capacity } from '../build/capacity.ts';
import { makeAgain } from '../build/again/make-again.ts';
import { makeContexts } from '../build/contexts.ts';
import { makeOutputs } from '../build/outputs/outputs.ts';
import { makeSubmitRun, type Submit } from '../build/submit.ts';
import type { Config } from '../config/config.ts';
import { makeProgress, type ProgressOf } from '../queue/progress.ts';
import type { Scheduler } from '../queue/scheduler.ts';
import type { Store } from '../queue/store.ts';
import type { ScheduleDesk } from '../schedules/make-schedule.ts';
import { templateJsonSchema } from '../template/document/json-schema.ts';
import type { Builds } from './builds.ts';
import { makePage } from './page.ts';
import type { SharedParts } from './shared.ts';
import type { Supplies } from './supply.ts';

/** What the API answers from. */
export type ApiRooms = {
  readonly store: Store;
  readonly capacity: Capacity;
  readonly builds: Builds;
  readonly supplies: Supplies;
  readonly layers: ApiParts['layers'];
  readonly scheduler: Scheduler;
  readonly submit: Submit;
  readonly schedules: ScheduleDesk;
  readonly metrics: Metrics;
  readonly host: Pick<ApiParts, 'readiness' | 'host'>;
};

const mb = 2 ** 20;

const contextsOf = ({ config, folders, ids }: SharedParts, capacity: Capacity): ApiParts['contexts'] => {
  const { context, context_files, body } = config().limits;
  const limits = { files: context_files, bytes: context * mb, templateBytes: body * mb };
  const contexts = makeContexts(folders, ids, limits);
  return {
    ...contexts,
    receive: async (...sent) => {
      await capacity.checkRoom();
      return contexts.receive(...sent);
    },
  };
};

const liveOf = (
  { folders, signal }: SharedParts,
  { held, breakpoints }: Builds,
  { bases }: Supplies,
  scheduler: Scheduler,
  progress: ProgressOf,
): ApiParts['live'] => ({
  wake: scheduler.wake,
  isDraining: scheduler.isDraining,
  waiting: scheduler.waiting,
  progress,
  resume: breakpoints.resume,
  pauses: breakpoints.pauses,
  resumeHeld: (id, ask) => held.resume(id, ask, signal),
  type: (id, bytes) => held.type(id, bytes, signal),
  detach: held.detach,
  attach: (id) => held.attach(id, signal),
  checkUnused: (id) => bases.checkUnused(folders.build(id)),
});

/** The API, ready to listen. */
export const makeDaemonApi = (shared: SharedParts, rooms: ApiRooms): Promise<App> => {
  const { config, folders, growth, clock, ids, logger, descriptors, signal } = shared;
  const { store, capacity, builds, supplies, layers, scheduler, submit, schedules, metrics, host } = rooms;
  const { body, context } = config().limits;
  const { admission } = builds;
  const submitting = { store, admission, isDraining: scheduler.isDraining, wake: scheduler.wake };
  const slots = () => scheduler.slots().length;
  const progress = makeProgress({ store, clock, slots, whole: capacity.whole, nothing: builds.skipped });
  return makeApi(
    {
      ...{ store, admission, metrics, clock, ids, version, signal, ...host },
      ...{ submit, schedules, layers, preview: builds.preview },
      submitRun: makeSubmitRun(submitting),
      again: makeAgain({ ...submitting, ids }),
      contexts: contextsOf(shared, capacity),
      outputs: makeOutputs({ folders, growth }),
      live: liveOf(shared, builds, supplies, scheduler, progress),
      media: supplies.media,
      page: makePage(),
      templateSchema: templateJsonSchema,
      vagrant: config().vagrant,
      limits: {
        bodyBytes: body * mb,
        contextBytes: context * mb,
        uploadBytes: config().uploads.max_size * mb,
        ...connectionLimits(descriptors, config()),
      },
    },
    { logger },
  );
};

/** Listens where the configuration says; gives the address. Throws `configuration_invalid`. */
export const listenAt = async (api: App, { listen: { host, port } }: Config): Promise<string> => {
  try {
    return await api.listen({ host, port });
  } catch (error) {
    const isTaken = isErrno(error, 'EADDRINUSE');
    const why = isTaken
      ? 'another program listens there already. Stop it, or set another address or port as listen in the configuration'
      : String(error instanceof Error ? error.message : error);
    throw new Fault('configuration_invalid', `listen: ${host}:${port} cannot be used: ${why}.`, {}, { cause: error });
  }
};
