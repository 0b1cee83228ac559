import type { Statistics } from '../api/types.ts';

type Day = Statistics['days'][number];

const dayMs = 86_400_000;

/** The days from the first to the last, as `2026-03-01`. */
export const daysBetween = (from: string, to: string): readonly string[] => {
  const [first, last] = [Date.parse(from), Date.parse(to)];
  const length = Math.max(0, Math.round((last - first) / dayMs) + 1);
  return Array.from({ length }, (_none, at) => new Date(first + at * dayMs).toISOString().slice(0, 10));
};

/** The day that is so many days before another. */
export const daysBefore = (day: string, count: number): string =>
  new Date(Date.parse(day) - count * dayMs).toISOString().slice(0, 10);

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
