import type { EventData, EventType } from '../base/records/build-events.ts';
import type { FaultRecord } from '../base/records/fault-record.ts';
import type { HostSecret, MayUse, SecretVersion } from '../base/records/host-secret.ts';
import type { Phase } from '../base/records/phase.ts';
import type { Status } from '../base/records/status.ts';
import type { Artifact } from '../image/types.ts';
import type { Room } from './rules/order.ts';
import type { EndedBuild } from './rules/retention.ts';
import type { DeliveryStore } from './deliveries.ts';
import type { LayerIndex } from './layers.ts';
import type { ScheduleStore } from './schedules.ts';
import type { SessionStore } from './sessions.ts';
import type { StatisticsStore } from './statistics.ts';
import type { BuildInput, Cancel, Demand, Idempotency, NewBuild, NewRun, PlannedStep } from './asked.ts';
import type {
  Build,
  BuildEvent,
  BuildFilter,
  Claim,
  FrozenBuild,
  Hold,
  Outcome,
  Page,
  PageAsk,
  Pin,
  PlaceInQueue,
  Resumption,
  QueuedBuild,
  StoredRun,
  Scope,
  StoredStep,
  Suspect,
  TemplateVersion,
  Token,
  TooLarge,
} from './records.ts';

/** What clients may make the store keep; what has ended is bounded by the retention. */
export type StoreLimits = {
  readonly queued: number;
  readonly templates: number;
  /** Of each template. */
  readonly templateVersions: number;
  /** Builds that are kept whatever the retention says. */
  readonly pins: number;
};

/** The secrets of the host. */
export type SecretStore = {
  /**
   * Keeps a secret of the host, encrypted; the same value stays the same version. Throws `secrets_full` for a new name where
   * there are `bounds.hostSecrets`.
   */
  readonly putSecret: (
    name: string,
    value: string,
    mayUse: MayUse,
  ) => Promise<{ readonly secret: HostSecret & { readonly usedBy: readonly string[] }; readonly created: boolean }>;
  readonly secret: (name: string) => Promise<(HostSecret & { readonly value: string }) | undefined>;
  /** All by name, with the names of the templates whose builds have used each: at most `bounds.secretUsers`. */
  readonly secrets: () => Promise<readonly (HostSecret & { readonly usedBy: readonly string[] })[]>;
  /** False if there is none. */
  readonly removeSecret: (name: string) => Promise<boolean>;
  /** Keeps what a claimed build has used. */
  readonly secretsUsed: (id: string, token: string, used: readonly SecretVersion[]) => Promise<void>;
};

/**
 * All that is durable. Functions return promises, so that another database can stand here without touching a caller;
 * what resolved is committed. `add`, `finish`, `cancel`, `putTemplate` and the tokens are fsynced as well.
 */
export type Store = BuildStore &
  DeliveryStore &
  ScheduleStore &
  SecretStore &
  SessionStore &
  StatisticsStore & { readonly layers: LayerIndex };

/** Builds, runs, templates and tokens. */
export type BuildStore = AsyncDisposable & {
  /**
   * Accepts a build. With an idempotency key seen before: same digest gives the first build back (`replayed`),
   * another digest throws `idempotency_mismatch`, a queue of `limits.queued` builds `queue_full`. Builds that arrive
   * together share one fsync.
   */
  readonly add: (
    build: NewBuild,
    idempotency?: Idempotency,
  ) => Promise<{ readonly build: Build; readonly replayed: boolean }>;
  /** The build that this key made before, if it did. Throws `idempotency_mismatch` as `add` does. */
  readonly replay: (idempotency: Idempotency) => Promise<Build | undefined>;
  /** Accepts a run with all of its builds, or none, as `add` does. A key stands for a build or for a run, never for both. */
  readonly addRun: (
    run: NewRun,
    builds: readonly NewBuild[],
    idempotency?: Idempotency,
  ) => Promise<{ readonly run: StoredRun; readonly replayed: boolean }>;
  /** The run that this key made before, if it did. Throws `idempotency_mismatch`. */
  readonly replayRun: (idempotency: Idempotency) => Promise<StoredRun | undefined>;
  readonly findRun: (id: string) => Promise<StoredRun | undefined>;
  /** Newest first. */
  readonly runs: (page: PageAsk) => Promise<Page<StoredRun>>;
  /** Cancels each of its builds that has not ended, as `cancel` does; undefined: there is no such run. */
  readonly cancelRun: (id: string, cancel?: Cancel) => Promise<StoredRun | undefined>;
  readonly find: (id: string) => Promise<Build | undefined>;
  /** The template, variables and plan of a build: large, so not part of `find`. */
  readonly input: (id: string) => Promise<BuildInput | undefined>;
  /** All that it was made of, to make it again. */
  readonly frozen: (id: string) => Promise<FrozenBuild | undefined>;
  /** Its plan alone, which says nothing secret. */
  readonly plan: (id: string) => Promise<readonly PlannedStep[] | undefined>;
  /** Newest first. */
  readonly list: (filter: BuildFilter, page: PageAsk) => Promise<Page<Build>>;
  /** Number of builds by status. */
  readonly counts: () => Promise<Readonly<Record<Status, number>>>;
  /** When the oldest of the queued builds was created: Unix milliseconds, undefined when the queue is empty. */
  readonly oldestQueued: () => Promise<number | undefined>;

  /** Claims the build that rules/order.ts names, if there is one. */
  readonly claim: (ask: {
    readonly token: string;
    readonly slot: number;
    readonly room: Room;
    readonly leaseMs: number;
  }) => Promise<Claim | undefined>;
  /** How a queued build stands; undefined when it is not queued any more. */
  readonly placeInQueue: (id: string, room: Room) => Promise<PlaceInQueue | undefined>;
  /** The first `limit` builds of the queue, in its order. */
  readonly queueAhead: (limit: number) => Promise<readonly QueuedBuild[]>;
  /** The queued builds that take more than this: how many, and which of them is first in the queue. */
  readonly tooLargeFor: (whole: Demand) => Promise<TooLarge | undefined>;
  /** When the pause of a queued build is over next, later than `after`: Unix milliseconds, 0 for one that has none; undefined: there is no such build. */
  readonly nextDue: (after?: number) => Promise<number | undefined>;
  readonly suspect: () => Promise<Suspect | undefined>;
  /** Prolongs the leases; the tokens that are no longer valid come back. */
  readonly heartbeat: (tokens: readonly string[], leaseMs: number) => Promise<readonly string[]>;
  /** The daemon stops these builds itself: that it is killed meanwhile is not held against them. */
  readonly stopping: (tokens: readonly string[]) => Promise<void>;
  /** The ids of the builds that `recover` would settle. */
  readonly leftovers: () => Promise<readonly string[]>;
  /**
   * Requeues what ran on this host when its daemon died, with the attempt given back; fails what was held, and a build
   * that kills the daemon whenever it runs alone. Claims of another host are left alone until their lease is over.
   * Returns the ids. `hostBootedAt` (Unix ms) tells a host that went down. `except`: builds that were taken up; `anew`: why a
   * build begins anew, for people, by its id.
   */
  readonly recover: (ask?: {
    readonly hostBootedAt?: number;
    readonly except?: readonly string[];
    readonly anew?: ReadonlyMap<string, string>;
  }) => Promise<readonly string[]>;
  /**
   * Claims a build again that ran on this host when its daemon died, in the same attempt; before `recover`. Undefined: it is
   * `recover`'s, as rules/take-up.ts has it.
   */
  readonly takeUp: (ask: {
    readonly id: string;
    readonly token: string;
    readonly leaseMs: number;
    readonly hostBootedAt: number;
  }) => Promise<Claim | undefined>;

  /** Appends an event. Without a token: for what is not a worker's (a client's cancel). */
  readonly event: <Type extends EventType>(
    id: string,
    type: Type,
    data: EventData[Type],
    token?: string,
  ) => Promise<void>;
  readonly beginStep: (
    id: string,
    token: string,
    step: { readonly name: string; readonly phase: Phase },
  ) => Promise<number>;
  readonly endStep: (id: string, token: string, seq: number, fault?: FaultRecord) => Promise<void>;
  readonly hold: (id: string, token: string, hold: Hold, fault: FaultRecord) => Promise<void>;
  /** The held build goes on: it runs, without the fault that it was held for. Throws `changes_exhausted`. */
  readonly resume: (id: string, token: string, resumption: Resumption) => Promise<void>;
  /** A client's: new end of the hold, or now. Throws `build_not_held`, `changes_exhausted`. */
  readonly setHold: (id: string, until: number) => Promise<Build>;
  /** Keeps from which build a claimed one was given its artifacts. Throws `lease_lost`. */
  readonly tookArtifacts: (id: string, token: string, from: string) => Promise<void>;
  readonly finish: (id: string, token: string, outcome: Outcome) => Promise<void>;

  /** A queued build is cancelled at once, a running or held one is asked to; idempotent; an ended one stays as it is. */
  readonly cancel: (id: string, cancel?: Cancel) => Promise<Build | undefined>;
  /**
   * Says that the files of an ended build are about to be deleted: from then on no build can begin with them. False, and
   * nothing said, where it has not ended, is pinned, or a build that has not ended begins with them.
   */
  readonly beginRemoval: (id: string) => Promise<boolean>;
  /** Forgets an ended build; false if there is none. Throws `build_active`, `build_pinned`, `base_in_use`. The caller deletes its files. */
  readonly remove: (id: string) => Promise<boolean>;
  /** Keeps a build whatever the retention says; pinned again it has a new reason. Throws `pins_exhausted`, `not_found`. */
  readonly pin: (id: string, pin: Omit<Pin, 'at'>) => Promise<Build>;
  /** `by`: the name of the token that takes the pin off. Throws `not_found`. */
  readonly unpin: (id: string, by: string) => Promise<Build>;
  /** The ended builds before one of them, the newest first: at most `limit`. */
  readonly ended: (ask: {
    readonly before?: Pick<EndedBuild, 'endedAt' | 'id'>;
    readonly limit: number;
  }) => Promise<readonly EndedBuild[]>;

  readonly steps: (id: string) => Promise<readonly StoredStep[]>;
  readonly artifacts: (id: string) => Promise<readonly Artifact[]>;
  /** In order, those with a number above `after`, at most `limit`. */
  readonly events: (id: string, after: number, limit: number) => Promise<readonly BuildEvent[]>;
  /** Its last event of this type. */
  readonly newestEvent: (id: string, type: EventType) => Promise<BuildEvent | undefined>;
  /** Calls back after each commit that changed the build, or any build for `*`, which is told first. One listener set for the whole process: cheap for thousands. */
  readonly onChange: (id: string, seen: (build: string) => void) => Disposable;

  /**
   * Adds a version unless the newest is the same, and forgets the oldest beyond `limits.templateVersions`. Throws
   * `templates_full` for a new name where there are `limits.templates`.
   */
  readonly putTemplate: (
    name: string,
    document: unknown,
    digest: string,
    contextId?: string,
  ) => Promise<{ readonly version: TemplateVersion; readonly created: boolean }>;
  /** The newest version when none is named. */
  readonly template: (name: string, version?: number) => Promise<TemplateVersion | undefined>;
  /** The newest version of each, by name. */
  readonly templates: (page: PageAsk) => Promise<Page<TemplateVersion>>;
  readonly templateVersions: (name: string, page: PageAsk) => Promise<Page<TemplateVersion>>;
  /** Forgets all versions; false if there is none. */
  readonly removeTemplate: (name: string) => Promise<boolean>;
  /** Context ids that builds or templates still refer to. */
  readonly contexts: () => Promise<ReadonlySet<string>>;

  /** Keeps only the hash of the secret. */
  readonly addToken: (token: {
    readonly id: string;
    readonly name: string;
    readonly scopes: readonly Scope[];
    readonly hash: Uint8Array;
    readonly expiresAt?: number;
  }) => Promise<Token>;
  /** Notes that it was used now. */
  readonly tokenUsed: (id: string) => Promise<void>;
  /** All tokens, revoked ones too, with their hashes for a comparison in constant time. */
  readonly tokens: () => Promise<readonly (Token & { readonly hash: Uint8Array })[]>;
  readonly revokeToken: (id: string) => Promise<Token | undefined>;

  /** A small write, fsynced; with `everyPage` also `PRAGMA quick_check`. Throws `store_unavailable` or `storage_full`. */
  readonly check: (ask?: { readonly everyPage: boolean }) => Promise<void>;
};

/**
 * Runs a claimed build to its end and gives what it published; throws the fault that ended it, or `FailedWith`. The build
 * room's part.
 */
export type RunBuild = (claim: Claim, slot: number, signal: AbortSignal) => Promise<readonly Artifact[]>;
