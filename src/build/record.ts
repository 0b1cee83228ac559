import type { Store } from '../queue/types.ts';

/** Writes a build's events in the order in which they happened. */
export type EventLine = {
  readonly append: (type: string, data: Readonly<Record<string, unknown>>) => void;
  /** Resolves when everything appended so far is in the store. */
  readonly settled: () => Promise<void>;
};

/** `failed` is told when the store refuses an event: the claim was lost, or its disk is full. */
export const eventLine = (store: Store, id: string, token: string, failed: (error: unknown) => void): EventLine => {
  let last = Promise.resolve();
  return {
    append: (type, data) => {
      last = last.then(() => store.event(id, type, data, token)).catch(failed);
    },
    settled: () => last,
  };
};

const masked = (data: unknown, mask: (text: string) => string): unknown => {
  if (typeof data === 'string') return mask(data);
  if (Array.isArray(data)) return data.map((item) => masked(item, mask));
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, masked(value, mask)]));
};

/** The same facts with every text in them masked, however deep. */
export const maskedData = (
  data: Readonly<Record<string, unknown>>,
  mask: (text: string) => string,
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, masked(value, mask)]));
