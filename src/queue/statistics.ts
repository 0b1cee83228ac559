/** What the store tells of many builds together: how long their steps take, and what became of them by day. */

import type { Status } from '../base/records/status.ts';
import type { Build } from './records.ts';

/** How many there were, and how long they took: milliseconds. */
export type StatisticTimes = { readonly n: number; readonly p50Ms: number; readonly p95Ms: number };

export type TimesOfStep = StatisticTimes & { readonly name: string };

/** How long the newest builds took that went well, of one machine of a template on this host. */
export type RecentTimes = {
  /** How many builds that is told of: at most `statisticsBounds.recentBuilds`. */
  readonly builds: number;
  /** From the claim to the end; undefined where there are none. */
  readonly whole?: StatisticTimes;
  /** By name, in the order in which they begin. */
  readonly steps: readonly TimesOfStep[];
};

/** Days since 1970 in UTC, both included. */
export type Days = { readonly from: number; readonly to: number };

/** What became of the builds that ended on one day. */
export type DayOfBuilds = {
  readonly day: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  /** From when they were accepted until they were claimed first. */
  readonly wait?: StatisticTimes;
  /** From when they were claimed first until their end, of those that succeeded. */
  readonly duration?: StatisticTimes;
};

/** How many builds of a template ended, and how. */
export type BuildsOfTemplate = {
  readonly name: string;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
};

export type DayOfStep = StatisticTimes & { readonly day: number };

export type Statistics = {
  /** Those on which a build ended. */
  readonly days: readonly DayOfBuilds[];
  /** Why builds did not succeed, the commonest first. */
  readonly faults: readonly { readonly code: string; readonly status: Status; readonly n: number }[];
  readonly wait?: StatisticTimes;
  readonly duration?: StatisticTimes;
  /** Of all templates, the commonest first, at most `statisticsBounds.templates`. */
  readonly templates: readonly BuildsOfTemplate[];
  /** Of a template: the steps of the builds that succeeded, the longest first, at most `statisticsBounds.steps`. */
  readonly steps: readonly (TimesOfStep & { readonly days: readonly DayOfStep[] })[];
};

export type StatisticsStore = {
  /** `before`: only builds that had ended by then, Unix milliseconds. */
  readonly recentTimes: (of: Pick<Build, 'templateName' | 'machine'>, before?: number) => Promise<RecentTimes>;
  /** Of all builds, or of those of a template. What the retention has taken is in it still. */
  readonly statistics: (days: Days, template?: string) => Promise<Statistics>;
};
