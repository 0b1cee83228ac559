import { isEnded } from '../../../base/records/status.ts';
import type { BuildEvent } from '../../../queue/records.ts';
import type { Store } from '../../../queue/store.ts';
import type { FollowedSource, WrittenForm } from '../../following/rooms.ts';

const batch = 200;

type Written = {
  readonly text: string;
  /** The number of the last of them. */
  readonly last: number;
  /** Whether there were no more. */
  readonly isAll: boolean;
};

/** The next events of a build after a number, as one text; undefined where there are none. */
export const nextEvents = async (
  store: Pick<Store, 'events'>,
  buildId: string,
  after: number,
  write: (event: BuildEvent) => string,
): Promise<Written | undefined> => {
  const events = await store.events(buildId, after, batch);
  const last = events.at(-1)?.seq;
  return last === undefined ? undefined : { text: events.map(write).join(''), last, isAll: events.length < batch };
};

/** The events of a build that are there, as texts of many at once; `after`: only those with a higher number. */
export const readEvents = async function* (
  store: Pick<Store, 'events'>,
  buildId: string,
  after: number,
  write: (event: BuildEvent) => string,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  for (let at = after; ;) {
    const next = await nextEvents(store, buildId, at, write);
    if (next !== undefined) yield next.text;
    if (next === undefined || next.isAll || signal.aborted) return;
    at = next.last;
  }
};

/** A form in which events are written. */
export type EventsForm = WrittenForm & { readonly write: (event: BuildEvent) => string };

/** The events of a build, for all who follow them. */
export const eventsOf = (
  store: Pick<Store, 'events' | 'find' | 'onChange'>,
  id: string,
): FollowedSource<number, EventsForm> => ({
  watch: ({ changed }) => [store.onChange(id, changed)],
  isComplete: async () => {
    const build = await store.find(id);
    return build === undefined || isEnded(build.status);
  },
  read: async (after, { write }) => {
    const next = await nextEvents(store, id, after, write);
    return next && { bytes: Buffer.from(next.text), last: next.last, isAll: next.isAll };
  },
  [Symbol.asyncDispose]: async () => undefined,
});
