import { isRunEnded } from '../../base/records/run-status.ts';
import type { Build, BuildEvent } from '../../queue/records.ts';
import type { Store } from '../../queue/store.ts';
import { nextEvents } from '../builds/events/stream.ts';
import type { FollowedSource, WrittenForm } from '../following/rooms.ts';

/** An event of one build of a run, with the place behind it: the number of the last event of each build, in their order. */
export type RunItem = { readonly build: Build; readonly event: BuildEvent; readonly id: string };

/** A form in which the events of a run are written. */
export type RunForm = WrittenForm & { readonly write: (item: RunItem) => string };

type Written = { readonly text: string; readonly last: string; readonly isAll: boolean };

// In characters: what is read of the others waits until that has been taken.
const enough = 2 ** 20;

/**
 * The next events of each of these builds behind a place, as one text; undefined where there are none. Of a run some of whose
 * builds were deleted a place is none any more: then all are sent again.
 */
const nextOfAll = async (
  store: Pick<Store, 'events'>,
  builds: readonly Build[],
  after: string,
  write: RunForm['write'],
): Promise<Written | undefined> => {
  const asked = after === '' ? [] : after.split('.').map(Number);
  const places = builds.map((_, at) => (asked.length === builds.length ? (asked[at] ?? 0) : 0));
  let text = '';
  let isAll = true;
  for (const [at, build] of builds.entries()) {
    const writeOne = (event: BuildEvent) => {
      places[at] = event.seq;
      return write({ build, event, id: places.join('.') });
    };
    const next = await nextEvents(store, build.id, places[at] ?? 0, writeOne);
    text += next?.text ?? '';
    isAll &&= next?.isAll ?? true;
    if (text.length > enough) return { text, last: places.join('.'), isAll: false };
  }
  return text === '' ? undefined : { text, last: places.join('.'), isAll };
};

/** The events that are there, as texts of many at once. */
export const readRunEvents = async function* (
  store: Pick<Store, 'events'>,
  {
    builds,
    after,
    write,
  }: { readonly builds: readonly Build[]; readonly after: string; readonly write: RunForm['write'] },
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  for (let at = after; !signal.aborted;) {
    const next = await nextOfAll(store, builds, at, write);
    if (next === undefined) return;
    yield next.text;
    if (next.isAll) return;
    at = next.last;
  }
};

/** The events of all builds of a run, for all who follow them, until the run has ended. */
export const runEventsOf = (
  store: Pick<Store, 'events' | 'findRun' | 'onChange'>,
  { id, builds }: { readonly id: string; readonly builds: readonly Build[] },
): FollowedSource<string, RunForm> => ({
  watch: ({ changed }) => builds.map((build) => store.onChange(build.id, changed)),
  isComplete: async () => {
    const run = await store.findRun(id);
    return run === undefined || isRunEnded(run.status);
  },
  read: async (after, { write }) => {
    const next = await nextOfAll(store, builds, after, write);
    return next && { bytes: Buffer.from(next.text), last: next.last, isAll: next.isAll };
  },
  [Symbol.asyncDispose]: async () => undefined,
});
