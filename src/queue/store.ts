import type { EventData, EventType } from '../base/records/build-events.ts';
import type { Note } from '../base/notes.ts';
import type { FaultRecord } from '../base/records/fault-record.ts';
import type { Phase } from '../base/records/phase.ts';
import type { Status } from '../base/records/status.ts';
import type { VariableValues } from '../base/records/variable-value.ts';
import type { RunStatus } from '../base/records/run-status.ts';
import type { Artifact } from '../image/types.ts';
import type { Queued, Room, Started } from './rules/order.ts';

export type OnError = 'cleanup' | 'hold';

/** What a build takes from the host while it runs. */
export type Demand = { readonly memoryMb: number; readonly diskMb: number };

/** What a client asks for in `POST /builds`, right in its shape; whether it can be built is judged by the build room. */
export type BuildAsk = {
  /** A template document, or the name of a stored one: `openbsd`, `openbsd@3`. */
  readonly template: unknown;
  readonly variables: VariableValues;
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  /** Milliseconds; undefined: the template's own, else the configuration's. */
  readonly timeoutMs?: number;
  readonly onError: OnError;
  readonly contextId?: string;
  /** The name of the token that asks. */
  readonly requestedBy?: string;
  /** Which machine of the template to build; undefined: the only one. */
  readonly machine?: string;
};

/** What a client asks for in `POST /runs`: as a build, for several machines of the template. */
export type RunAsk = Omit<BuildAsk, 'machine'> & {
  /** The machines to build, or not to build; of the two one at most. Neither: all. */
  readonly only?: readonly string[];
  readonly except?: readonly string[];
  /** How many of its builds run at once; undefined: no limit of its own. */
  readonly parallel?: number;
  /** Whether the others are cancelled when one has failed. */
  readonly failFast: boolean;
};

/** Who cancels a build and why, for people. */
export type Cancel = { readonly by?: string; readonly reason?: string };

/** The large part of a build, which only those who run it or explain it need to read. */
export type BuildInput = {
  /** The template document that is built: as it was sent or stored, or, of several machines or with a base, this one's whole. */
  readonly template: unknown;
  /** Without the sensitive ones once the build has ended. */
  readonly variables: VariableValues;
  /** The printable plan. */
  readonly plan: readonly PlannedStep[];
  /**
   * The ids of the builds whose artifacts it begins with, by how its template names them: by id, or as `latest:TEMPLATE`.
   * They stay until it has ended.
   */
  readonly bases?: Readonly<Record<string, string>>;
};

/** A version of a stored template that another extends. */
export type BaseVersion = { readonly name: string; readonly version: number };

/** The small part of a build, as its client asked for it: what never changes. */
export type BuildAsked = {
  readonly id: string;
  /** A template by name also says its version. */
  readonly templateName: string;
  readonly templateVersion?: number;
  /** The stored templates that its template was merged over, the nearest first. */
  readonly extended?: readonly BaseVersion[];
  /** Which machine of its template it is, where that has several or the build is part of a run. */
  readonly machine?: string;
  /** The run that it is part of. */
  readonly runId?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  /** For the whole build, milliseconds. */
  readonly timeoutMs: number;
  readonly onError: OnError;
  /** The context's folder below `contexts/`, or undefined when the body was JSON alone. */
  readonly contextId?: string;
  readonly demand: Demand;
  /** Names of variables whose values are never shown and are forgotten when the build ends. */
  readonly sensitive: readonly string[];
  /** The name of the token that asked for it; none for builds from before it was kept. */
  readonly requestedBy?: string;
};

/** What a client asked for, accepted and checked: all that is needed to run it again after a crash. */
export type NewBuild = BuildAsked & BuildInput;

/** What was checked and may be added, with what is told of it and not kept. */
export type CheckedBuild = NewBuild & {
  readonly notes: readonly Note[];
  /** The texts of the machine's endpoint as a guest would get them, without secrets. */
  readonly http: readonly { readonly path: string; readonly text: string }[];
};

/** A run that was accepted: one build for each of its machines, which know it by `runId`. */
export type NewRun = {
  readonly id: string;
  readonly templateName: string;
  readonly templateVersion?: number;
  readonly parallel?: number;
  readonly failFast: boolean;
  readonly requestedBy?: string;
};

/** What was checked and may be added together. */
export type CheckedRun = { readonly run: NewRun; readonly builds: readonly CheckedBuild[] };

/** A run as it stands, with those of its builds that are still there, in the order of its machines. */
export type Run = NewRun & {
  readonly status: RunStatus;
  readonly createdAt: number;
  readonly endedAt?: number;
  readonly builds: readonly Build[];
  /** Grows whenever the status or the phase of one of its builds changes: its ETag. */
  readonly version: number;
};

export type PlannedStep = {
  readonly name: string;
  readonly phase: Phase;
  readonly timeoutMs: number;
  readonly about?: string;
};

export type Hold = {
  /** Unix milliseconds. */
  readonly until: number;
  readonly ssh?: string;
};

/** A build as it stands. Its template, variables and plan are read by `input`. */
export type Build = BuildAsked & {
  readonly status: Status;
  /** What it is busy with, or was when it ended; undefined while queued. */
  readonly phase?: Phase;
  /** Number of the attempt that runs or ran last; 0 while it never ran. Never goes down. */
  readonly attempt: number;
  /** Attempts after the one that runs now. */
  readonly attemptsLeft: number;
  /** The time in its id, so that newest first and `since` agree. */
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** Not before this time: the pause before another attempt. */
  readonly notBefore: number;
  /** The host that runs it, or ran it last. */
  readonly host?: string;
  readonly slot?: number;
  readonly cancelRequested: boolean;
  /** Of a build that was cancelled or is asked to end: who did that and why, as far as it was said. */
  readonly cancel?: Cancel;
  /** The daemon died so often while it ran that it runs alone: see rules/crash.ts. */
  readonly isSuspect: boolean;
  readonly fault?: FaultRecord;
  readonly hold?: Hold;
  /** Sequence number of the build's newest event: its ETag. */
  readonly version: number;
};

/** What keeps a queued build waiting is judged from this; see rules/waiting.ts. */
export type PlaceInQueue = {
  /** 1 for the head, by priority and age. */
  readonly position: number;
  /** The first that could run on this host now, if others left it room. */
  readonly first?: Queued;
  readonly started: readonly Started[];
};

export type TooLarge = { readonly builds: number; readonly first: Queued };

/** A suspect that keeps other builds waiting: it runs alone, or waits at the head of the queue until no other runs. */
export type Suspect = { readonly id: string; readonly state: 'runs' | 'waits' };

export type Step = {
  readonly attempt: number;
  readonly seq: number;
  readonly name: string;
  readonly phase: Phase;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly fault?: FaultRecord;
};

/** As it is read: an earlier imaged may have written types that are no longer known. */
export type BuildEvent = {
  readonly seq: number;
  readonly at: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
};

/** A worker's claim. Whoever holds the token may write to the build; a worker whose lease was taken over cannot. */
export type Claim = { readonly build: Build; readonly input: BuildInput; readonly token: string };

export type Idempotency = { readonly key: string; readonly owner: string; readonly digest: string };

export type Page<T> = {
  readonly items: readonly T[];
  /** Cursor for the next page, undefined on the last. */ readonly next?: string;
};

export type BuildFilter = {
  /** One of these. */
  readonly statuses?: readonly Status[];
  readonly template?: string;
  /** All of these labels, with these values. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Created at this time or later, Unix milliseconds. */
  readonly since?: number;
  /** Part of this run. */
  readonly runId?: string;
};

export type PageAsk = { readonly limit: number; readonly after?: string };

export const scopes = ['builds:read', 'builds:write', 'admin'] as const;
/** `builds:write` includes `builds:read`; `admin` includes both. */
export type Scope = (typeof scopes)[number];

export type Token = {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: number;
  /** From then on it lets no client in, Unix milliseconds. */
  readonly expiresAt?: number;
  /** To a minute. */
  readonly lastUsedAt?: number;
  readonly revokedAt?: number;
};

export type TemplateVersion = {
  readonly name: string;
  readonly version: number;
  /** SHA-256 over the document's canonical JSON and the context's files. */
  readonly digest: string;
  readonly document: unknown;
  readonly contextId?: string;
  readonly createdAt: number;
};

/** How a claimed build ends. Each is one transaction that needs the claim's token, else `lease_lost`. */
export type Outcome =
  | { readonly status: 'succeeded'; readonly artifacts: readonly Artifact[] }
  /** What it published all the same, because its template wanted that. */
  | { readonly status: 'failed'; readonly fault: FaultRecord; readonly artifacts?: readonly Artifact[] }
  | { readonly status: 'cancelled'; readonly fault: FaultRecord }
  /** Back to the queue: `losesAttempt` is false when the build is not to blame (the daemon stops). */
  | {
      readonly status: 'queued';
      readonly losesAttempt: boolean;
      readonly notBefore: number;
      readonly fault?: FaultRecord;
    };

/** What clients may make the store keep; what has ended is bounded by the retention. */
export type StoreLimits = {
  readonly queued: number;
  readonly templates: number;
  /** Of each template. */
  readonly templateVersions: number;
};

/**
 * All that is durable. Functions return promises, so that another database can stand here without touching a caller;
 * what resolved is committed. `add`, `finish`, `cancel`, `putTemplate` and the tokens are fsynced as well.
 */
export type Store = AsyncDisposable & {
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
  ) => Promise<{ readonly run: Run; readonly replayed: boolean }>;
  /** The run that this key made before, if it did. Throws `idempotency_mismatch`. */
  readonly replayRun: (idempotency: Idempotency) => Promise<Run | undefined>;
  readonly findRun: (id: string) => Promise<Run | undefined>;
  /** Newest first. */
  readonly runs: (page: PageAsk) => Promise<Page<Run>>;
  /** Cancels each of its builds that has not ended, as `cancel` does; undefined: there is no such run. */
  readonly cancelRun: (id: string, cancel?: Cancel) => Promise<Run | undefined>;
  readonly find: (id: string) => Promise<Build | undefined>;
  /** The template, variables and plan of a build: large, so not part of `find`. */
  readonly input: (id: string) => Promise<BuildInput | undefined>;
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
   * Returns the ids. `hostBootedAt` (Unix ms) tells a host that went down.
   */
  readonly recover: (ask?: { readonly hostBootedAt?: number }) => Promise<readonly string[]>;

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
  /** A client's: new end of the hold, or now. Throws `build_not_held`. */
  readonly setHold: (id: string, until: number) => Promise<Build>;
  readonly finish: (id: string, token: string, outcome: Outcome) => Promise<void>;

  /** A queued build is cancelled at once, a running or held one is asked to; idempotent; an ended one stays as it is. */
  readonly cancel: (id: string, cancel?: Cancel) => Promise<Build | undefined>;
  /**
   * Says that the files of an ended build are about to be deleted: from then on no build can begin with them. False, and
   * nothing said, where it has not ended or a build that has not ended begins with them.
   */
  readonly beginRemoval: (id: string) => Promise<boolean>;
  /** Forgets an ended build; false if there is none. Throws `build_active`, `base_in_use`. The caller deletes its files. */
  readonly remove: (id: string) => Promise<boolean>;
  /** The ended builds that no build begins with and that are beyond the `keep` newest or older than `olderThan` (Unix ms), oldest first, at most `limit`. */
  readonly expired: (ask: {
    readonly keep: number;
    readonly olderThan: number;
    readonly limit: number;
  }) => Promise<readonly string[]>;

  readonly steps: (id: string) => Promise<readonly Step[]>;
  readonly artifacts: (id: string) => Promise<readonly Artifact[]>;
  /** In order, those with a number above `after`, at most `limit`. */
  readonly events: (id: string, after: number, limit: number) => Promise<readonly BuildEvent[]>;
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
