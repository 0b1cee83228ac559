import type { Clock } from '../base/clock.ts';
import type { Again } from '../build/again/make-again.ts';
import type { Preview } from '../build/layers/preview.ts';
import type { Submit, SubmitRun } from '../build/submit.ts';
import type { Metrics } from './host/metrics.ts';
import type { PageFiles } from './page/types.ts';
import type { ConnectionBounds } from './server/connections/connections.ts';
import type { Admission } from '../build/admission.ts';
import type { Contexts } from '../build/contexts.ts';
import type { Outputs } from '../build/outputs/outputs.ts';
import type { Ids } from '../base/ids.ts';
import type { Pause } from '../base/records/pause.ts';
import type { Waiting } from '../base/records/waiting.ts';
import type { LayerDesk } from '../layers/types.ts';
import type { ConfiguredMedium } from '../media/configured.ts';
import type { Uploads } from '../media/uploads.ts';
import type { Build, ResumeAsk } from '../queue/records.ts';
import type { ProgressOf } from '../queue/progress.ts';
import type { Store } from '../queue/store.ts';
import type { ScheduleDesk } from '../schedules/make-schedule.ts';

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
  readonly admission: Pick<Admission, 'check' | 'checkRun' | 'checkTemplate' | 'translate' | 'declared'>;
  /** What a build that was checked would find kept; its context is there still. */
  readonly preview: Preview;
  readonly submit: Submit;
  readonly submitRun: SubmitRun;
  readonly again: Again;
  readonly schedules: ScheduleDesk;
  readonly contexts: Contexts;
  readonly media: Pick<Uploads, 'list' | 'receive' | 'remove'> & {
    readonly configured: () => Promise<readonly ConfiguredMedium[]>;
    readonly isConfigured: (name: string) => boolean;
  };
  readonly layers: Omit<LayerDesk, 'prune' | 'verify'>;
  /** What builds have written: asked for by build and name, given as bytes. */
  readonly outputs: Outputs;
  /** What runs now. */
  readonly live: {
    /** Tells the scheduler that the queue has changed. */
    readonly wake: () => void;
    readonly isDraining: () => boolean;
    /** Why a queued build does not run yet; undefined when it is not queued. */
    readonly waiting: (build: Build) => Promise<Waiting | undefined>;
    /** How far the builds are that run or are queued, by id. */
    readonly progress: ProgressOf;
    /** A build at a breakpoint goes on; `by` is the name of the token that says so. Throws `build_not_paused`. */
    readonly resume: (buildId: string, by: string) => void;
    /** The breakpoints that a build is at. */
    readonly pauses: (buildId: string) => readonly Pause[];
    /** A held build goes on. Throws `build_not_held`, and what `Held.resume` throws. */
    readonly resumeHeld: (buildId: string, ask: ResumeAsk) => Promise<void>;
    /** Types on the console of a held build, or of one at a breakpoint. Throws `build_not_held`. */
    readonly type: (buildId: string, bytes: Uint8Array) => Promise<void>;
    /** Detaches its console for an operator; the end is Unix milliseconds. Throws `build_not_held`, `console_not_lendable`. */
    readonly detach: (
      buildId: string,
      ms: number,
    ) => Promise<{ readonly command: readonly string[]; readonly until: number }>;
    /** Attaches it again. Throws `build_not_held`, `console_lent`. */
    readonly attach: (buildId: string) => Promise<void>;
    /** Throws `base_in_use` when a running build is made of an image of this one. */
    readonly checkUnused: (buildId: string) => void;
  };
  /** Judges whether builds can run now: store, hypervisor, disk space, host. */
  readonly readiness: (signal: AbortSignal) => Promise<readonly Check[]>;
  /** What this host can do: hypervisor, capacity, media names, checks. No paths, no secrets. */
  readonly host: (signal: AbortSignal) => Promise<Readonly<Record<string, unknown>>>;
  /** Makes the form of a template, as a JSON Schema. It takes as long as a tenth of the daemon's start: only when it is asked for. */
  readonly templateSchema: () => Readonly<Record<string, unknown>>;
  /** Prometheus text of the whole process. */
  readonly metrics: Pick<Metrics, 'contentType' | 'text' | 'requestEnded'>;
  /** The catalogue of boxes: whether it needs no token, and where clients find the API, without a slash at its end. */
  readonly vagrant: { readonly public: boolean; readonly url?: string | undefined };
  /** The page for people. */
  readonly page: () => Promise<PageFiles>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly version: string;
  readonly limits: {
    readonly bodyBytes: number;
    readonly contextBytes: number;
    /** Of a medium that is uploaded. */
    readonly uploadBytes: number;
    readonly connections: ConnectionBounds;
    /** Requests of one token that wait or follow. */
    readonly waitsPerToken: number;
  };
  /** Aborts when the daemon stops: ends every long poll and follower. */
  readonly signal: AbortSignal;
};
