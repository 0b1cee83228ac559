import type { z } from 'zod';
import { diskFormatOf } from '../../base/media-type.ts';
import type { StepOutcome } from '../../build/layers/outcomes.ts';
import type { CachePreview } from '../../build/layers/preview.ts';
import { snakeCased } from '../../base/json/snake-case.ts';
import type { FaultRecord } from '../../base/records/fault-record.ts';
import type { Pause } from '../../base/records/pause.ts';
import type { Build as StoredBuild, BuildEvent, StoredStep, TemplateVersion } from '../../queue/records.ts';
import type { CheckedBuild, PlannedStep as StoredPlannedStep } from '../../queue/asked.ts';
import type { Store } from '../../queue/store.ts';
import type { Progress as Judged } from '../../base/records/progress.ts';
import type { Waiting as StoredWaiting } from '../../base/records/waiting.ts';
import type { ApiParts } from '../types.ts';
import type { Event } from './event-schema.ts';
import { shownData } from './events/shown-data.ts';
import type { Plan, PlannedStep } from './plan-schema.ts';
import type { Artifact, Build, HoldState, Progress, Step, TemplateUsed, Waiting } from './schema.ts';
import { showDocument, showVariables } from '../../base/mask/hidden-values.ts';
import { timeOf } from '../contract/common.ts';
import type { Template, TemplateInfo } from '../host/schema.ts';

// What a program was called with names folders of the host, which no client needs to know.
const hiddenFacts: readonly string[] = ['args', 'program', 'path', 'file'];

const linksOf = (self: string): z.output<typeof Build>['links'] => ({
  self,
  status: `${self}/status`,
  result: `${self}/result`,
  events: `${self}/events`,
  log: `${self}/log`,
  console: `${self}/console`,
  screen: `${self}/screen`,
  steps: `${self}/steps`,
  input: `${self}/input`,
  artifacts: `${self}/artifacts`,
  cancel: `${self}/cancel`,
  hold: `${self}/hold`,
});

const showFault = (record: FaultRecord, text: (value: string) => string): FaultRecord => {
  const known = Object.entries(record.facts ?? {}).filter(([name]) => !hiddenFacts.includes(name));
  return {
    code: record.code,
    class: record.class,
    title: record.title,
    message: text(record.message),
    ...(record.step === undefined ? {} : { step: record.step }),
    ...(record.expected === undefined ? {} : { expected: text(record.expected) }),
    ...(record.saw === undefined ? {} : { saw: text(record.saw) }),
    ...(record.console_tail === undefined ? {} : { console_tail: record.console_tail }),
    ...(record.screen === undefined ? {} : { screen: record.screen }),
    ...(known.length === 0 ? {} : { facts: snakeCased(Object.fromEntries(known), text) }),
    retryable: record.retryable,
  };
};

const showWaiting = ({
  for: what,
  position,
  needsMb,
  freeMb,
  evenAlone,
  message,
}: StoredWaiting): z.output<typeof Waiting> => ({
  for: what,
  position,
  ...(needsMb === undefined ? {} : { needs_mb: needsMb }),
  ...(freeMb === undefined ? {} : { free_mb: freeMb }),
  ...(evenAlone === undefined ? {} : { even_alone: evenAlone }),
  message,
});

/** What it was made again of, and what was made again of it. */
const showAgain = ({ retryOf, retriedBy, rebuildOf }: Pick<StoredBuild, 'retryOf' | 'retriedBy' | 'rebuildOf'>) => ({
  ...(retryOf === undefined ? {} : { retry_of: retryOf }),
  ...(retriedBy === undefined ? {} : { retried_by: retriedBy }),
  ...(rebuildOf === undefined ? {} : { rebuild_of: rebuildOf }),
});

export const showProgress = ({ step, steps, fraction, leftMs }: Judged): z.output<typeof Progress> => ({
  ...{ step, steps, fraction },
  eta_seconds: leftMs === undefined ? null : Math.ceil(leftMs / 100) / 10,
});

/** Why a build is queued still, how far it is, and where it is paused, where that was asked: what is not kept of it. */
export type Moment = {
  readonly waiting?: StoredWaiting | undefined;
  readonly progress?: Judged | undefined;
  readonly paused?: readonly Pause[];
};

export const showMoment = ({ waiting, progress, paused = [] }: Moment) => ({
  ...(waiting === undefined ? {} : { waiting: showWaiting(waiting) }),
  ...(progress === undefined ? {} : { progress: showProgress(progress) }),
  ...(paused.length === 0 ? {} : { paused: paused.map((pause) => ({ ...pause, until: timeOf(pause.until) })) }),
});

/** What clients have said of it beside what is built. */
const showMarks = ({ debug, force, cache, fromCache, pin, ...row }: StoredBuild) => ({
  ...(debug === undefined ? {} : { debug }),
  ...(force === undefined ? {} : { force }),
  ...(cache === undefined ? {} : { cache }),
  ...(fromCache === undefined ? {} : { from_cache: fromCache }),
  ...(pin === undefined ? {} : { pinned: { ...pin, at: timeOf(pin.at) } }),
  ...showAgain(row),
});

/** What a build or a run is made of. */
export const showTemplateUsed = ({
  templateName,
  templateVersion,
  extended,
}: Pick<StoredBuild, 'templateName' | 'templateVersion' | 'extended'>): z.output<typeof TemplateUsed> => ({
  name: templateName,
  ...(templateVersion === undefined ? {} : { version: templateVersion }),
  ...(extended === undefined ? {} : { extends: extended.map(({ name, version }) => ({ name, version })) }),
});

/** Turns what the store knows into what the API shows. Pure, but for `withoutPaths`, which hides where builds lie. */
export const makeView = ({ withoutPaths }: Pick<ApiParts['outputs'], 'withoutPaths'>) => {
  const fault = (record: FaultRecord, buildId: string) => showFault(record, (text) => withoutPaths(buildId, text));

  const build = (row: StoredBuild, moment: Moment = {}): z.output<typeof Build> => {
    return {
      id: row.id,
      status: row.status,
      ...(row.phase === undefined ? {} : { phase: row.phase }),
      template: showTemplateUsed(row),
      ...(row.machine === undefined ? {} : { machine: row.machine }),
      ...(row.runId === undefined ? {} : { run: row.runId }),
      labels: row.labels,
      priority: row.priority,
      timeout_seconds: row.timeoutMs / 1000,
      on_error: row.onError,
      attempt: row.attempt,
      attempts_left: row.attemptsLeft,
      demand: { memory_mb: row.demand.memoryMb, disk_mb: row.demand.diskMb },
      ...(row.host === undefined ? {} : { host: row.host }),
      ...(row.slot === undefined ? {} : { slot: row.slot }),
      created_at: timeOf(row.createdAt),
      ...(row.startedAt === undefined ? {} : { started_at: timeOf(row.startedAt) }),
      ...(row.endedAt === undefined ? {} : { ended_at: timeOf(row.endedAt) }),
      ...(row.status === 'queued' && row.notBefore > row.createdAt ? { not_before: timeOf(row.notBefore) } : {}),
      ...(row.isSuspect ? { runs_alone: true } : {}),
      ...showMoment(moment),
      ...(row.requestedBy === undefined ? {} : { requested_by: row.requestedBy }),
      cancel_requested: row.cancelRequested,
      ...(row.cancel === undefined ? {} : { cancel: row.cancel }),
      ...(row.fault === undefined ? {} : { fault: fault(row.fault, row.id) }),
      ...(row.hold === undefined || row.status !== 'held'
        ? {}
        : { hold: { until: timeOf(row.hold.until), ...(row.hold.ssh === undefined ? {} : { ssh: row.hold.ssh }) } }),
      ...showMarks(row),
      version: row.version,
      links: linksOf(`/builds/${row.id}`),
    };
  };

  const step = (row: StoredStep, buildId: string): z.output<typeof Step> => ({
    attempt: row.attempt,
    seq: row.seq,
    name: row.name,
    phase: row.phase,
    started_at: timeOf(row.startedAt),
    ...(row.endedAt === undefined ? {} : { ended_at: timeOf(row.endedAt) }),
    ...(row.fault === undefined ? {} : { fault: fault(row.fault, buildId) }),
  });

  const event = (row: BuildEvent, buildId: string): z.output<typeof Event> => ({
    seq: row.seq,
    at: timeOf(row.at),
    type: row.type,
    // Keys of data are in the words of their room; a client reads snake_case everywhere.
    data: snakeCased(shownData(row), (text) => withoutPaths(buildId, text)),
  });

  return { build, step, event };
};

export type View = ReturnType<typeof makeView>;

export type StoredArtifact = Awaited<ReturnType<Store['artifacts']>>[number];

export const showArtifact = (artifact: StoredArtifact, buildId: string): z.output<typeof Artifact> => {
  const format = diskFormatOf(artifact.mediaType);
  return {
    name: artifact.name,
    media_type: artifact.mediaType,
    ...(format === undefined ? {} : { format }),
    size: artifact.size,
    sha256: artifact.sha256,
    href: `/builds/${buildId}/artifacts/${encodeURIComponent(artifact.name)}`,
  };
};

export const showHold = (row: StoredBuild): z.output<typeof HoldState> => ({
  held: row.status === 'held',
  ...(row.status === 'held' && row.hold ? { until: timeOf(row.hold.until) } : {}),
  ...(row.status === 'held' && row.hold?.ssh !== undefined ? { ssh: row.hold.ssh } : {}),
  console: `/builds/${row.id}/console`,
});

const cacheOf = (cache: Omit<StepOutcome, 'step'> | undefined) => (cache === undefined ? {} : { cache });

/** `outcomes`: what kept layers mean for its steps, where that is known. */
export const showPlan = (
  steps: readonly StoredPlannedStep[],
  outcomes: readonly StepOutcome[] = [],
): z.output<typeof PlannedStep>[] => {
  const known = new Map(outcomes.map(({ step, ...cache }) => [step, cache]));
  return steps.map(({ name, phase, timeoutMs, about, sequence }) => ({
    name,
    phase,
    timeout_seconds: timeoutMs / 1000,
    ...(about === undefined ? {} : { about }),
    ...(sequence === undefined ? {} : { sequence }),
    ...cacheOf(known.get(name)),
  }));
};

const showFrom = ({ from }: CachePreview) => {
  if (from === undefined) return {};
  const { step, kind, buildId, savedSeconds } = from;
  return {
    goes_on_from: { step, kind, build: buildId, saved_seconds: savedSeconds },
    ...(kind === 'artifacts' ? { from_cache: buildId } : {}),
  };
};

/** `pointerTo` says where a place in a JSON body is in what was sent. */
export const showNewBuild = (
  build: CheckedBuild,
  preview: CachePreview,
  pointerTo: (pointer: string) => string,
): z.output<typeof Plan> => ({
  template: showTemplateUsed(build),
  ...(build.machine === undefined ? {} : { machine: build.machine }),
  variables: showVariables(build.variables, build.sensitive),
  timeout_seconds: build.timeoutMs / 1000,
  demand: { memory_mb: build.demand.memoryMb, disk_mb: build.demand.diskMb },
  plan: showPlan(build.plan, preview.steps),
  ...showFrom(preview),
  http: [...build.http],
  notes: build.notes.map(({ pointer, message }) => ({ pointer: pointerTo(pointer), message })),
});

export const showTemplateInfo = (row: TemplateVersion): z.output<typeof TemplateInfo> => ({
  name: row.name,
  version: row.version,
  digest: row.digest,
  has_files: row.contextId !== undefined,
  created_at: timeOf(row.createdAt),
  href: `/templates/${row.name}/versions/${row.version}`,
});

export const showTemplate = (row: TemplateVersion): z.output<typeof Template> => ({
  ...showTemplateInfo(row),
  document: showDocument(row.document),
});
