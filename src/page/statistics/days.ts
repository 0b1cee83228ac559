import { dayOf, dayText } from '../../base/records/day.ts';
import type { Statistics } from '../api/types.ts';

type Day = Statistics['days'][number];

/** The days from the first to the last, as `2026-03-01`. */
export const daysBetween = (from: string, to: string): readonly string[] => {
  const [first, last] = [dayOf(Date.parse(from)), dayOf(Date.parse(to))];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_none, at) => dayText(first + at));
};

/** The day that is so many days before another. */
export const daysBefore = (day: string, count: number): string => dayText(dayOf(Date.parse(day)) - count);

/** What was on each day: undefined where nothing was. */
export const byDay = <T extends { readonly day: string }>(
  days: readonly string[],
  told: readonly T[],
): readonly (T | undefined)[] => {
  const known = new Map(told.map((one) => [one.day, one]));
  return days.map((day) => known.get(day));
};

/** How builds ended on each day, for bars that stand on one another. */
export const endings = (told: readonly (Day | undefined)[]) =>
  (['succeeded', 'failed', 'cancelled'] as const).map((name) => ({
    name,
    values: told.map((day) => day?.[name] ?? 0),
  }));
