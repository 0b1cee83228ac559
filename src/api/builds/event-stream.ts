import { isEnded } from '../../base/records/status.ts';
import type { BuildEvent } from '../../queue/records.ts';
import type { Store } from '../../queue/store.ts';
import { makeNotifier } from '../../base/notifier.ts';

const batch = 200;

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
export const eventStream = async function* (
  { buildId, after, follow, store, write }: EventStream,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const notifier = makeNotifier();
  using _changed = store.onChange(buildId, notifier.ring);
  let at = after;
  do {
    // Asked before the events are read, so that the last of them is among those.
    const build = await store.find(buildId);
    const isLast = !follow || build === undefined || isEnded(build.status);
    for (;;) {
      const events = await store.events(buildId, at, batch);
      if (events.length > 0) {
        at = events.at(-1)?.seq ?? at;
        yield events.map(write).join('');
      }
      if (events.length < batch || signal.aborted) break;
    }
    if (isLast) return;
  } while (await notifier.heard(signal));
};
