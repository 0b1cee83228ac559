import type { ContextHostFacts } from '../context/files.ts';
import type { Config } from '../config/config.ts';
import type { Metrics } from '../api/host/metrics.ts';
import { asFault } from '../base/fault.ts';
import { makeAdmission, type Admission } from '../build/admission.ts';
import type { Capacity } from '../build/capacity.ts';
import { behindFolders } from '../build/folders/own-folders.ts';
import { makeDetachedConsoles } from '../build/hold/detached.ts';
import { makeBreakpoints, type Breakpoints } from '../build/hold/breakpoints.ts';
import { heldMachines, type Held } from '../build/hold/hold.ts';
import type { LayeringMeans } from '../build/layers/open-layering.ts';
import { makePreview, type Preview } from '../build/layers/preview.ts';
import { makeRunner } from '../build/run.ts';
import { makeLetRun, type LetRun } from '../build/take-up/let-run.ts';
import { textsMb } from '../build/attempt/text-limits.ts';
import { textLimitsOf } from '../config/config.ts';
import type { Mirror } from '../httpd/mirror/types.ts';
import type { HostMeans } from '../post-processors/host-means.ts';
import { FailedWith } from '../queue/rules/failed-with.ts';
import type { RunBuild, Store } from '../queue/store.ts';
import { findHostMeans } from './host-means.ts';
import type { WiredMachines } from './machines.ts';
import type { News } from './notify.ts';
import type { SharedParts } from './shared.ts';
import type { Supplies } from './supply.ts';

/** What the rooms around the builds give. */
export type BuildRooms = {
  readonly store: Store;
  readonly machines: WiredMachines;
  readonly mirror: Mirror | undefined;
  readonly supplies: Supplies;
  readonly capacity: Capacity;
  /** Undefined: builds neither take nor keep layers. */
  readonly layers: LayeringMeans | undefined;
  readonly news: Pick<News, 'webhooks'>;
  readonly figures: Pick<Metrics, 'claimed' | 'attemptEnded' | 'stepEnded'>;
};

/** Who judges builds, and who runs them. */
export type Builds = {
  readonly admission: Admission;
  readonly preview: Preview;
  readonly run: RunBuild;
  readonly held: Held;
  readonly breakpoints: Breakpoints;
  /** The steps of a build's plan that are not run, for it goes on from a layer. */
  readonly skipped: (build: { readonly id: string }) => ReadonlySet<string>;
  /** Whether a build may be left running when the daemon is stopped, for the next one to go on with. */
  /** Those that a daemon which is stopped leaves running. */
  readonly letRun: Pick<LetRun, 'has' | 'leave'>;
};

/** Runs a build, and tells how long it waited and how it ended; a folder of the daemon that has gone is the cause before all others. */
const told =
  (runner: RunBuild, { clock, folders }: SharedParts, { claimed, attemptEnded }: BuildRooms['figures']): RunBuild =>
  async (claim, slot, signal) => {
    const { attempt, createdAt } = claim.build;
    if (attempt === 1 && claim.takenUp !== true) claimed(Math.max(0, clock.now() - createdAt) / 1000);
    const began = clock.elapsed();
    const ended = (end: string) => attemptEnded(end, (clock.elapsed() - began) / 1000);
    try {
      const artifacts = await runner(claim, slot, signal);
      ended('succeeded');
      return artifacts;
    } catch (error) {
      if (error instanceof FailedWith) {
        ended(error.fault.code);
        throw error;
      }
      const fault = await behindFolders(asFault(error), folders.own, []);
      ended(fault.code);
      throw fault;
    }
  };

/** What the configuration says of what a template may have. */
const hostFactsOf = (config: Config, means: HostMeans): ContextHostFacts => ({
  means,
  hasOutgoing: config.hypervisor.allow_outgoing,
  allows: config.provisioners,
  bastions: config.communicator.bastions,
});

const none: ReadonlySet<string> = new Set();

export const makeBuilds = (shared: SharedParts, rooms: BuildRooms): Builds => {
  const { config, folders, growth, clock, ids, logger, signal } = shared;
  const { store, mirror, supplies, capacity, figures } = rooms;
  const { supply, bases, sources } = supplies;
  const { hypervisor, sharedListener } = rooms.machines;
  const { build_timeout, hold } = config().limits;
  const texts = textLimitsOf(config());
  const warn = (facts: Readonly<Record<string, unknown>>, message: string) => logger.warn(facts, message);
  const hostMeans = findHostMeans(config);
  const admission = makeAdmission({
    ...{ store, hypervisor, folders, ids, clock, signal },
    sources,
    uploadDigest: supplies.uploadDigest,
    webhooks: rooms.news.webhooks,
    media: () => config().media,
    host: () => ({ lease: hypervisor.lease, hasMirror: mirror !== undefined, ...hostFactsOf(config(), hostMeans()) }),
    whole: capacity.whole,
    checkRoom: capacity.checkRoom,
    defaultTimeoutMs: build_timeout,
    textsMb: textsMb(texts),
  });
  const held = heldMachines(makeDetachedConsoles(clock, warn));
  const breakpoints = makeBreakpoints(held);
  const letRun = makeLetRun();
  const resolveForKeys = admission.resolveForKeys;
  const layering = { layers: rooms.layers, resolveForKeys, hypervisor, mirror, clock };
  const runner = makeRunner({
    ...{
      store,
      hypervisor,
      sharedListener,
      mirror,
      supply,
      folders,
      growth,
      texts,
      clock,
      ids,
      held,
      breakpoints,
      bases,
      warn,
      letRun,
    },
    stepEnded: figures.stepEnded,
    holdMs: hold,
    ansiblePlaybook: config().provisioners.ansible_playbook,
    hostMeans,
    resolve: admission.resolveClaim,
    ...layering,
  });
  const skipped = ({ id }: { readonly id: string }) => rooms.layers?.skipped.get(id) ?? none;
  const preview = makePreview(layering);
  return { admission, preview, run: told(runner, shared, figures), held, breakpoints, skipped, letRun };
};
