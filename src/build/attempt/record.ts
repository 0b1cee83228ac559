import type { EventType, WriteEvent } from '../../base/records/build-events.ts';
import { asFault } from '../../base/fault.ts';
import type { Store } from '../../queue/store.ts';
import { deferred } from '../../base/waiting.ts';
import type { GuestEvents } from '../machine/guest-events.ts';

/** Writes a build's events in the order in which they happened. */
export type EventLine = AsyncDisposable & {
  readonly append: WriteEvent;
  /** Resolves when few events wait for the store: what causes many waits for it. Never rejects. */
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
  const write: WriteEvent = (type, data) => {
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
  const isAdmitted = (type: EventType): boolean => {
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
export const changedData = <Facts extends object>(data: Facts, change: (text: string) => string): Facts =>
  // The same keys with values of the same types, which the compiler cannot see: hence the cast.
  inEachText(data, change) as Facts;
