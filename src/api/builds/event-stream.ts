import { isEnded } from '../../base/records/status.ts';
import type { BuildEvent } from '../../queue/records.ts';
import type { Store } from '../../queue/store.ts';
import { follow as followAll } from '../server/follow.ts';

const batch = 200;

/** The events of a build that are there, as texts of many at once; `after`: only those with a higher number. */
export const readEvents = async function* (
  store: Pick<Store, 'events'>,
  buildId: string,
  after: number,
  write: (event: BuildEvent) => string,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  for (let at = after; ;) {
    const events = await store.events(buildId, at, batch);
    if (events.length > 0) yield events.map(write).join('');
    if (events.length < batch || signal.aborted) return;
    at = events.at(-1)?.seq ?? at;
  }
};

type EventStream = {
  readonly buildId: string;
  /** Only events with a higher number. */
  readonly after: number;
  /** Whether to stay until the build has ended. */
  readonly follow: boolean;
  readonly store: Pick<Store, 'events' | 'find' | 'onChange'>;
  readonly write: (event: BuildEvent) => string;
};

/** The events of a build as text, in order and each once, until the build has ended or the signal aborts. */
export const eventStream = (
  { buildId, after, follow, store, write }: EventStream,
  signal: AbortSignal,
): AsyncGenerator<string, void> => {
  let at = after;
  const writeNext = (event: BuildEvent): string => {
    at = event.seq;
    return write(event);
  };
  return followAll(
    {
      listen: (ring) => [store.onChange(buildId, ring)],
      isComplete: async () => {
        const build = await store.find(buildId);
        return !follow || build === undefined || isEnded(build.status);
      },
      read: (until) => readEvents(store, buildId, at, writeNext, until),
    },
    signal,
  );
};
