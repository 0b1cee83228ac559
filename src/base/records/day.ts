/** Days of the calendar in UTC, as numbers: days since 1970. */

export const dayMs = 86_400_000;

/** The day of a moment in Unix milliseconds. */
export const dayOf = (ms: number): number => Math.floor(ms / dayMs);

/** As `2026-03-01`. */
export const dayText = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10);

/** The day that is written so; undefined where there is none. */
export const dayIn = (text: string): number | undefined => {
  const ms = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  // The language takes the 31st of February for a day of March.
  return Number.isNaN(ms) || dayText(dayOf(ms)) !== text ? undefined : dayOf(ms);
};
