import { isRunEnded } from '../../base/records/run-status.ts';
import { makeNotifier } from '../../base/notifier.ts';
import type { Build, BuildEvent } from '../../queue/records.ts';
import type { Store } from '../../queue/store.ts';

const batch = 200;

/** An event of one build of a run, with the place behind it: the number of the last event of each build, in their order. */
export type RunItem = { readonly build: Build; readonly event: BuildEvent; readonly id: string };

type RunStream = {
  readonly runId: string;
  /** A place among the events. Of a run some of whose builds were deleted it is none any more: then all are sent again. */
  readonly after: readonly number[];
  /** Whether to stay until the run has ended. */
  readonly follow: boolean;
  readonly store: Pick<Store, 'events' | 'findRun' | 'onChange'>;
  readonly write: (item: RunItem) => string;
};

/** The events of all builds of a run as text, those of one build in order and each once, until the run has ended. */
export const runEventStream = async function* (
  { runId, after, follow, store, write }: RunStream,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const first = await store.findRun(runId);
  if (first === undefined) return;
  const places = first.builds.map((_, at) => (after.length === first.builds.length ? (after[at] ?? 0) : 0));
  const notifier = makeNotifier();
  const listeners = first.builds.map(({ id }) => store.onChange(id, notifier.ring));
  try {
    do {
      // Asked before the events are read, so that the last of them are among those.
      const run = await store.findRun(runId);
      const isLast = !follow || run === undefined || isRunEnded(run.status);
      for (const [at, build] of first.builds.entries())
        for (;;) {
          const events = await store.events(build.id, places[at] ?? 0, batch);
          const texts = events.map((event) => {
            places[at] = event.seq;
            return write({ build, event, id: places.join('.') });
          });
          if (texts.length > 0) yield texts.join('');
          if (events.length < batch || signal.aborted) break;
        }
      if (isLast) return;
    } while (await notifier.heard(signal));
  } finally {
    for (const listener of listeners) listener[Symbol.dispose]();
  }
};
