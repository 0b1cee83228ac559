/** What clients ask of the queue, and what has been judged of it. */

import type { Note } from '../base/notes.ts';
import type { CacheMode } from '../base/records/cache-mode.ts';
import type { SecretVersion } from '../base/records/host-secret.ts';
import type { OnError } from '../base/records/on-error.ts';
import type { Phase } from '../base/records/phase.ts';
import type { VariableValues } from '../base/records/variable-value.ts';
import type { Webhook } from './deliveries.ts';

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
  /** Waits for a client before each step. */
  readonly debug?: true;
  /** Takes the place of what is there of the same name where its artifacts are sent. */
  readonly force?: true;
  /** What it does with kept layers; undefined: what its template says. */
  readonly cache?: CacheMode;
  readonly contextId?: string;
  /** The name of the token that asks. */
  readonly requestedBy?: string;
  /** Which machine of the template to build; undefined: the only one. */
  readonly machine?: string;
  /** Who is told, beside those that the template and the configuration name. */
  readonly notify?: readonly Omit<Webhook, 'source'>[];
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

/**
 * How what a build begins with, beside its template and its context, stood when it was accepted, as far as that can be told
 * without reading it.
 */
export type BeganWith = {
  /** The stored template that it was asked for by. */
  readonly stored?: BaseVersion;
  /**
   * Files and folders of the host, as the template names them. A state is a digest of an upload, or one over the size, the
   * place and the time of change of every file.
   */
  readonly files: readonly { readonly name: string; readonly state: string }[];
  readonly secrets: readonly SecretVersion[];
  /** The sensitive variables that were sent: their values are forgotten when the build has ended. */
  readonly sent: readonly string[];
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
  /** Waits for a client before each step. */
  readonly debug?: true;
  /** Takes the place of what is there of the same name where its artifacts are sent. */
  readonly force?: true;
  /** What it does with kept layers; undefined: what its template says. */
  readonly cache?: CacheMode;
  /** The context's folder below `contexts/`, or undefined when the body was JSON alone. */
  readonly contextId?: string;
  readonly demand: Demand;
  /** Names of variables whose values are never shown and are forgotten when the build ends. */
  readonly sensitive: readonly string[];
  /** The name of the token that asked for it; none for builds from before it was kept. */
  readonly requestedBy?: string;
  /** The build that it is a retry of, or that it does again; that may have been deleted since. */
  readonly retryOf?: string;
  readonly rebuildOf?: string;
};

/** What a client asked for, accepted and checked: all that is needed to run it again after a crash. */
export type NewBuild = BuildAsked &
  BuildInput & {
    /** Who is told of it. */
    readonly notify?: readonly Webhook[];
    readonly beganWith?: BeganWith;
  };

/** What was checked and may be added, with what is told of it and not kept. */
export type CheckedBuild = NewBuild & {
  readonly notes: readonly Note[];
  /** What it begins with beside its template and its context: files by their absolute paths, and what it fetches. */
  readonly inputs?: {
    readonly files: readonly { readonly path: string; readonly shown: string }[];
    readonly fetched: readonly unknown[];
  };
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
  /** The run whose builds it does again. */
  readonly rebuildOf?: string;
};

/** What was checked and may be added together. */
export type CheckedRun = { readonly run: NewRun; readonly builds: readonly CheckedBuild[] };

export type PlannedStep = {
  readonly name: string;
  readonly phase: Phase;
  readonly timeoutMs: number;
  readonly about?: string;
  /** Which of several sequences it is part of, from 1: sequences run side by side. */
  readonly sequence?: number;
};

export type Idempotency = { readonly key: string; readonly owner: string; readonly digest: string };
