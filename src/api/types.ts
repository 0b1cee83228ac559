import type { Readable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import type { ConnectionBounds } from './server/connections.ts';
import type { Growth } from '../base/growth.ts';
import type { Ids } from '../base/ids.ts';
import type { BuildAsk, CheckedBuild, Store } from '../queue/store.ts';

/** One question about this host. */
export type Check = {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  /** What was found and, unless ok, what to do. */
  readonly message: string;
};

/** All that the API needs from the other rooms, handed over by main. */
export type ApiParts = {
  readonly store: Store;
  readonly intake: {
    /** Judges the ask whole (template, variables, files, capacity) and makes it a build. Throws `template_invalid`, `never_fits`, `not_found`, with pointers into the request's body. */
    readonly check: (ask: BuildAsk) => Promise<CheckedBuild>;
    /** Judges a template document that is to be stored, but for the values of its variables; gives it as it is stored. */
    readonly checkTemplate: (document: unknown, contextId: string | undefined) => Promise<unknown>;
  };
  readonly contexts: {
    /** Unpacks an archive into a new context and reads its `template.json`. Throws `context_invalid`, `too_large`, `storage_full`; then nothing is left. */
    readonly receive: (
      body: Readable,
      encoding: 'identity' | 'gzip' | 'zstd',
      signal: AbortSignal,
    ) => Promise<{ readonly contextId: string; readonly template: unknown; readonly digest: string }>;
    /** Deletes a context that nothing refers to. */
    readonly drop: (contextId: string) => Promise<void>;
  };
  /** What a terminal would show of the console of a build, without secrets; undefined when it has none. */
  readonly screen: (buildId: string, signal: AbortSignal) => Promise<string | undefined>;
  readonly files: {
    readonly log: (buildId: string) => string;
    readonly console: (buildId: string) => string;
    readonly artifact: (buildId: string, name: string) => string;
    /** Deletes everything of an ended build. */
    readonly remove: (buildId: string) => Promise<void>;
  };
  readonly growth: Growth;
  /** What runs now. */
  readonly live: {
    /** Tells the scheduler that the queue has changed. */
    readonly wake: () => void;
    readonly isDraining: () => boolean;
    /** Types on the console of a held build. Throws `build_not_held`. */
    readonly type: (buildId: string, bytes: Uint8Array) => Promise<void>;
    /** Lends its console to an operator; the end is Unix milliseconds. Throws `build_not_held`, `console_not_lendable`. */
    readonly lend: (
      buildId: string,
      ms: number,
    ) => Promise<{ readonly command: readonly string[]; readonly until: number }>;
    /** Takes it back. Throws `build_not_held`, `console_lent`. */
    readonly takeBack: (buildId: string) => Promise<void>;
    /** Throws `base_in_use` when a running build is made of an image of this one. */
    readonly checkUnused: (buildId: string) => void;
  };
  /** Judges whether builds can run now: store, hypervisor, disk space, host. */
  readonly readiness: (signal: AbortSignal) => Promise<readonly Check[]>;
  /** What this host can do: hypervisor, capacity, media names, checks. No paths, no secrets. */
  readonly host: (signal: AbortSignal) => Promise<Readonly<Record<string, unknown>>>;
  /** The form of a template, as a JSON Schema. */
  readonly templateSchema: Readonly<Record<string, unknown>>;
  /** Prometheus text of the whole process. */
  readonly metrics: { readonly contentType: string; readonly text: () => Promise<string> };
  readonly clock: Clock;
  readonly ids: Ids;
  readonly version: string;
  readonly limits: {
    readonly bodyBytes: number;
    readonly contextBytes: number;
    readonly connections: ConnectionBounds;
    /** Requests of one token that wait or follow. */
    readonly waitsPerToken: number;
  };
  /** Aborts when the daemon stops: ends every long poll and follower. */
  readonly signal: AbortSignal;
};
