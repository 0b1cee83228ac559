import type { CacheMode } from '../../base/records/cache-mode.ts';
import type { Status } from '../../base/records/status.ts';
import type { Phase } from '../../base/records/phase.ts';
import type { FaultRecord } from '../../base/records/fault-record.ts';
import type { OnError } from '../../base/records/on-error.ts';
import type { BaseVersion, NewBuild } from '../asked.ts';
import type { Build } from '../records.ts';

/** A row of `build`, as the migrations have it. */
export type BuildRow = {
  readonly id: string;
  readonly template_name: string;
  readonly template_version: number | null;
  readonly extended: string | null;
  readonly machine: string | null;
  readonly run_id: string | null;
  readonly labels: string;
  readonly priority: number;
  readonly timeout_ms: number;
  readonly on_error: OnError;
  readonly debug: number;
  readonly force: number;
  readonly cache: CacheMode | null;
  readonly from_cache: string | null;
  readonly context_id: string | null;
  readonly memory_mb: number;
  readonly disk_mb: number;
  readonly sensitive: string;
  readonly status: Status;
  readonly phase: Phase | null;
  readonly attempt: number;
  readonly attempts_left: number;
  readonly crashes: number;
  readonly deaths: number;
  readonly lone_deaths: number;
  readonly lone_crashes: number;
  readonly suspect: number;
  readonly alive_at: number | null;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly not_before: number;
  readonly host: string | null;
  readonly slot: number | null;
  readonly token: string | null;
  readonly lease_until: number | null;
  readonly cancel_requested: number;
  readonly requested_by: string | null;
  readonly cancelled_by: string | null;
  readonly cancel_reason: string | null;
  readonly claimed_at: number | null;
  readonly pinned_at: number | null;
  readonly pinned_by: string | null;
  readonly pin_reason: string | null;
  readonly fault: string | null;
  readonly hold_until: number | null;
  readonly hold_ssh: string | null;
  readonly retry_of: string | null;
  readonly rebuild_of: string | null;
  readonly retried_by: string | null;
  readonly version: number;
};

/** JSON of the store's own: what was written had this type, and only the store writes. */
export const parsed = <T>(text: string): T => JSON.parse(text) as T;

/** The fault in a column, if there is one. */
export const faultIn = (text: string | null): { readonly fault?: FaultRecord } =>
  text === null ? {} : { fault: parsed<FaultRecord>(text) };

const holdIn = ({ hold_until, hold_ssh }: BuildRow): Pick<Build, 'hold'> =>
  hold_until === null ? {} : { hold: { until: hold_until, ...(hold_ssh === null ? {} : { ssh: hold_ssh }) } };

const cancelIn = ({ cancelled_by: by, cancel_reason: reason }: BuildRow): Pick<Build, 'cancel'> =>
  by === null && reason === null
    ? {}
    : { cancel: { ...(by === null ? {} : { by }), ...(reason === null ? {} : { reason }) } };

const pinIn = ({ pinned_at: at, pinned_by: by, pin_reason: reason }: BuildRow): Pick<Build, 'pin'> =>
  at === null ? {} : { pin: { at, by: by ?? '', ...(reason === null ? {} : { reason }) } };

/** What a build is of a larger whole. */
const partIn = ({ extended, machine, run_id }: BuildRow): Pick<Build, 'extended' | 'machine' | 'runId'> => ({
  ...(extended === null ? {} : { extended: parsed<readonly BaseVersion[]>(extended) }),
  ...(machine === null ? {} : { machine }),
  ...(run_id === null ? {} : { runId: run_id }),
});

/** What it was made again of, and what was made again of it. */
const againIn = ({
  retry_of,
  rebuild_of,
  retried_by,
}: BuildRow): Pick<Build, 'retryOf' | 'rebuildOf' | 'retriedBy'> => ({
  ...(retry_of === null ? {} : { retryOf: retry_of }),
  ...(rebuild_of === null ? {} : { rebuildOf: rebuild_of }),
  ...(retried_by === null ? {} : { retriedBy: retried_by }),
});

/** A row as the build it stands for; what is NULL is left out. */
export const toBuild = (row: BuildRow): Build => ({
  id: row.id,
  templateName: row.template_name,
  ...(row.template_version === null ? {} : { templateVersion: row.template_version }),
  ...partIn(row),
  labels: parsed<Build['labels']>(row.labels),
  priority: row.priority,
  timeoutMs: row.timeout_ms,
  onError: row.on_error,
  ...(row.debug === 1 ? { debug: true as const } : {}),
  ...(row.force === 1 ? { force: true as const } : {}),
  ...(row.cache === null ? {} : { cache: row.cache }),
  ...(row.from_cache === null ? {} : { fromCache: row.from_cache }),
  ...(row.context_id === null ? {} : { contextId: row.context_id }),
  demand: { memoryMb: row.memory_mb, diskMb: row.disk_mb },
  sensitive: parsed<Build['sensitive']>(row.sensitive),
  ...(row.requested_by === null ? {} : { requestedBy: row.requested_by }),
  status: row.status,
  ...(row.phase === null ? {} : { phase: row.phase }),
  attempt: row.attempt,
  attemptsLeft: row.attempts_left,
  createdAt: row.created_at,
  ...(row.started_at === null ? {} : { startedAt: row.started_at }),
  ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
  notBefore: row.not_before,
  ...(row.host === null ? {} : { host: row.host }),
  ...(row.slot === null ? {} : { slot: row.slot }),
  cancelRequested: row.cancel_requested === 1,
  ...cancelIn(row),
  isSuspect: row.suspect === 1,
  ...faultIn(row.fault),
  ...holdIn(row),
  ...pinIn(row),
  ...againIn(row),
  version: row.version,
});

/** What a new build writes into its row. */
export const toRow = (build: NewBuild, attempts: number, createdAt: number) => ({
  id: build.id,
  template_name: build.templateName,
  template_version: build.templateVersion ?? null,
  extended: build.extended === undefined ? null : JSON.stringify(build.extended),
  machine: build.machine ?? null,
  run_id: build.runId ?? null,
  labels: JSON.stringify(build.labels),
  priority: build.priority,
  timeout_ms: build.timeoutMs,
  on_error: build.onError,
  debug: build.debug === true ? 1 : 0,
  force: build.force === true ? 1 : 0,
  cache: build.cache ?? null,
  context_id: build.contextId ?? null,
  memory_mb: build.demand.memoryMb,
  disk_mb: build.demand.diskMb,
  sensitive: JSON.stringify(build.sensitive),
  requested_by: build.requestedBy ?? null,
  retry_of: build.retryOf ?? null,
  rebuild_of: build.rebuildOf ?? null,
  attempts_left: attempts,
  created_at: createdAt,
});
