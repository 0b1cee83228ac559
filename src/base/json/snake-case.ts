/** A name in snake_case. */
export const snakeName = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

type Shown = (text: string) => string;

const unchanged: Shown = (text) => text;

const inSnakeCase = (value: unknown, shown: Shown): unknown => {
  if (typeof value === 'string') return shown(value);
  if (Array.isArray(value)) return value.map((item: unknown) => inSnakeCase(item, shown));
  if (typeof value !== 'object' || value === null) return value;
  return snakeCased({ ...value }, shown);
};

/** Facts for clients: every key in snake_case, however deep, and every text as `shown` gives it. */
export const snakeCased = (
  facts: Readonly<Record<string, unknown>>,
  shown: Shown = unchanged,
): Record<string, unknown> =>
  Object.fromEntries(Object.entries(facts).map(([key, value]) => [snakeName(key), inSnakeCase(value, shown)]));
