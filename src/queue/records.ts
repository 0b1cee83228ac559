/** What the store keeps and gives: builds, runs, steps, events, tokens, templates. */

import type { FaultRecord } from '../base/records/fault-record.ts';
import type { Phase } from '../base/records/phase.ts';
import type { Status } from '../base/records/status.ts';
import type { RunStatus } from '../base/records/run-status.ts';
import type { Artifact } from '../image/types.ts';
import type { Queued, Started } from './rules/order.ts';
import type { BeganWith, BuildAsked, BuildInput, Cancel, NewRun } from './asked.ts';
import type { Webhook } from './deliveries.ts';

/** A run as it stands, with those of its builds that are still there, in the order of its machines. */
export type StoredRun = NewRun & {
  readonly status: RunStatus;
  readonly createdAt: number;
  readonly endedAt?: number;
  /** How many builds it was made of. */
  readonly machines: number;
  readonly builds: readonly Build[];
  /** Grows whenever the status or the phase of one of its builds changes: its ETag. */
  readonly version: number;
};

export type Hold = {
  /** Unix milliseconds. */
  readonly until: number;
  readonly ssh?: string;
};

/** Who keeps an ended build, since when (Unix ms), and why. */
export type Pin = { readonly at: number; readonly by: string; readonly reason?: string };

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
  readonly pin?: Pin;
  /** The build whose artifacts it was given, because the same input had made them. */
  readonly fromCache?: string;
  /** The newest retry of it. */
  readonly retriedBy?: string;
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

/** A queued build, as far as when it starts depends on it. */
export type QueuedBuild = Pick<Build, 'id' | 'templateName' | 'machine' | 'notBefore' | 'demand'>;

export type TooLarge = { readonly builds: number; readonly first: Queued };

/** A suspect that keeps other builds waiting: it runs alone, or waits at the head of the queue until no other runs. */
export type Suspect = { readonly id: string; readonly state: 'runs' | 'waits' };

export type StoredStep = {
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

/** A worker's claim. The holder of the token may write to the build; a worker whose lease was taken over cannot. */
export type Claim = {
  readonly build: Build;
  readonly input: BuildInput;
  readonly token: string;
  /** The daemon was started meanwhile: the attempt goes on where it was. */
  readonly takenUp?: true;
};

/** All that a build was made of, whatever became of stored templates and media since: it can be made again from it. */
export type FrozenBuild = {
  readonly build: Build;
  readonly input: BuildInput;
  /** Undefined for builds from before it was kept. */
  readonly beganWith?: BeganWith;
  readonly notify: readonly Webhook[];
};

/** How a held build goes on. */
export type Resumption = {
  /** The name of the token that says so. */
  readonly by: string;
  /** The step that is run again. */
  readonly from: string;
  /** What the build is made of from then on, where a client has sent it. */
  readonly mended?: Pick<BuildInput, 'template' | 'variables' | 'plan'> &
    Pick<BuildAsked, 'contextId' | 'sensitive'> & { readonly beganWith?: BeganWith };
};

/** What a client says when a held build is to go on; `from`: undefined: the step that failed. */
export type ResumeAsk = Omit<Resumption, 'from'> & { readonly from?: string };

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
  | { readonly status: 'succeeded'; readonly artifacts: readonly Artifact[]; readonly fromCache?: string }
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
