import type { Activity } from '../../base/activity/activity.ts';
import type { WriteEvent } from '../../base/records/build-events.ts';
import type { Clock } from '../../base/clock.ts';
import type { Resource } from '../../base/cleanup.ts';
import type { Growth } from '../../base/growth.ts';
import type { Mirror } from '../../httpd/mirror/types.ts';
import type { Ids } from '../../base/ids.ts';
import type { SharedListener } from '../../httpd/endpoint/shared-listener.ts';
import type { HostMeans } from '../../post-processors/host-means.ts';
import type { Hypervisor } from '../../vmm/types.ts';
import type { Breakpoints } from '../hold/breakpoints.ts';
import type { KnownDigests } from '../known-digests.ts';
import type { AttemptLog } from './log.ts';
import type { Past } from './past.ts';
import type { Running } from '../machine/running.ts';
import type { JournalPlace } from '../take-up/place.ts';
import type { Supply } from '../files/supply.ts';
import type { TextLimits } from './text-limits.ts';

/** What every step may use beside the facts it needs. */
export type StepTools = {
  /** Aborts when the step's time is over, the build is cancelled or the daemon stops. */
  readonly signal: AbortSignal;
  /** Keeps a resource until the build has ended, and hands it back. */
  readonly keep: <T extends Resource>(resource: T) => T;
  /** Keeps a machine likewise, and makes it the one whose console a fault shows and a held build leaves running. */
  readonly attend: (running: Running) => Running;
  readonly hypervisor: Hypervisor;
  /** Where guests may come in beside their endpoint's own address; undefined where none is needed. */
  readonly sharedListener: SharedListener | undefined;
  /** Files that are named by their digest. */
  readonly supply: Pick<Supply, 'take'>;
  /** The sets of OpenBSD for every machine; undefined where the configuration has none. */
  readonly mirror: Mirror | undefined;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly growth: Growth;
  /** Appends an event to the build. Secrets are masked; of what a guest can cause in any number, what is too much is counted. */
  readonly event: WriteEvent;
  /** Appends a line of imaged's own to the build's log. Secrets are masked. */
  readonly log: (line: string) => void;
  /** Appends lines that a guest can cause in any number, within the log's bound. What causes them waits for what this gives. */
  readonly said: AttemptLog['said'];
  /** Resolves when there is room for more of what a guest causes. Never rejects. */
  readonly room: () => Promise<void>;
  readonly texts: TextLimits;
  /** The ansible-playbook(1) program of the host. */
  readonly ansiblePlaybook: string;
  /** Where a build waits for people. */
  readonly breakpoints: Pick<Breakpoints, 'wait'>;
  /** How far an earlier daemon had come with this attempt. */
  readonly place: JournalPlace;
  /** What this attempt has done so far. */
  readonly past: Pick<Past, 'steps' | 'inputs' | 'inputTaken'>;
  readonly knownDigests: KnownDigests;
  /** What the host has for post-processors. */
  readonly hostMeans: () => HostMeans;
  /** Where a work that may take long says what it is doing, for the fault of a deadline. */
  readonly activity: Activity;
};
