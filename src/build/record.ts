import { asFault } from '../base/fault.ts';
import type { Store } from '../queue/store.ts';
import { deferred } from '../base/waiting.ts';
import type { GuestEvents } from './guest-events.ts';

/** Writes a build's events in the order in which they happened. */
export type EventLine = AsyncDisposable & {
  readonly append: (type: string, data: Readonly<Record<string, unknown>>) => void;
  /** Resolves when few events wait for the store: whoever causes many waits for it. Never rejects. */
  readonly room: () => Promise<void>;
  /** Resolves when everything appended so far is in the store. */
  readonly settled: () => Promise<void>;
};

const mostWaiting = 64;

/**
 * `failed` is told when the store refuses an event (the claim was lost, or its disk is full), and of a guest that floods.
 * Disposing it tells what was left out, and waits until all are in the store.
 */
export const eventLine = (
  store: Store,
  { id, token }: { readonly id: string; readonly token: string },
  guest: GuestEvents,
  failed: (error: unknown) => void,
): EventLine => {
  let last = Promise.resolve();
  let waiting = 0;
  let freed = deferred<void>();
  const write = (type: string, data: Readonly<Record<string, unknown>>) => {
    waiting++;
    last = last
      .then(() => store.event(id, type, data, token))
      .catch(failed)
      .then(() => {
        waiting--;
        const told = freed;
        freed = deferred();
        told.resolve();
      });
  };
  const isAdmitted = (type: string): boolean => {
    try {
      return guest.admit(type);
    } catch (error) {
      failed(asFault(error));
      return false;
    }
  };
  return {
    append: (type, data) => {
      if (isAdmitted(type)) write(type, data);
    },
    room: async () => {
      while (waiting >= mostWaiting) await freed.promise;
    },
    settled: () => last,
    async [Symbol.asyncDispose]() {
      const left = guest.leftOut();
      if (Object.keys(left).length > 0) write('events.left_out', left);
      await last;
    },
  };
};

const inEachText = (data: unknown, change: (text: string) => string): unknown => {
  if (typeof data === 'string') return change(data);
  if (Array.isArray(data)) return data.map((item) => inEachText(item, change));
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, inEachText(value, change)]));
};

/** The same facts with every text in them changed, however deep. */
export const changedData = (
  data: Readonly<Record<string, unknown>>,
  change: (text: string) => string,
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, inEachText(value, change)]));
