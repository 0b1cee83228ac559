/** What the store keeps of schedules: what is built when, and what became of it. */

import type { VariableValues } from '../base/records/variable-value.ts';
import type { Page, PageAsk } from './records.ts';

/** Builds of a stored template at the times of a cron expression, as its client asked for them. */
export type NewSchedule = {
  readonly name: string;
  /** A stored template: `openbsd`, `openbsd@3`. */
  readonly template: string;
  readonly machine?: string;
  readonly variables: VariableValues;
  /** Names of variables whose values are never shown. */
  readonly sensitive: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly cron: string;
  readonly timeZone: string;
  readonly skipUnchanged: boolean;
  readonly paused: boolean;
  readonly requestedBy?: string;
};

export type Schedule = NewSchedule & {
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Unix milliseconds; undefined while it is paused. */
  readonly nextAt?: number;
};

/** What became of one time of a schedule. */
export type ScheduleRun = {
  readonly dueAt: number;
  readonly at: number;
  /** Who asked for it by hand. */
  readonly by?: string;
} & (
  | { readonly outcome: 'started'; readonly buildId: string; readonly inputs: string }
  | { readonly outcome: 'skipped' | 'failed'; readonly why: string }
);

/** The part of the store that is about schedules. */
export type ScheduleStore = {
  /** Makes it, or replaces the one of that name, whose runs stay. Throws `schedules_full`. */
  readonly putSchedule: (
    schedule: NewSchedule,
    nextAt: number | undefined,
  ) => Promise<{ readonly schedule: Schedule; readonly created: boolean }>;
  readonly schedule: (name: string) => Promise<Schedule | undefined>;
  /** By name. */
  readonly schedules: (page: PageAsk) => Promise<Page<Schedule>>;
  /** Forgets it with its runs; false if there is none. */
  readonly removeSchedule: (name: string) => Promise<boolean>;
  /** The one whose time has come first, of all but these names. */
  readonly dueSchedule: (resting: readonly string[]) => Promise<Schedule | undefined>;
  /** When the time of one comes next, of all but these names, Unix milliseconds. */
  readonly nextSchedule: (resting: readonly string[]) => Promise<number | undefined>;
  /**
   * Writes a run, and with `nextAt` that its time is over, unless the schedule was replaced meanwhile. Of all runs the
   * newest are kept.
   */
  readonly scheduleRan: (name: string, run: ScheduleRun, nextAt?: number) => Promise<void>;
  /** The newest first. */
  readonly scheduleRuns: (name: string, limit: number) => Promise<readonly ScheduleRun[]>;
  /** The builds that it has started and that are still there, the newest first: how they stand, and what they are made of. */
  readonly scheduleBuilds: (
    name: string,
  ) => Promise<readonly { readonly id: string; readonly status: string; readonly inputs: string }[]>;
};
