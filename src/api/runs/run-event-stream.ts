import { isRunEnded } from '../../base/records/run-status.ts';
import type { Build, BuildEvent } from '../../queue/records.ts';
import type { Store } from '../../queue/store.ts';
import { readEvents } from '../builds/events/stream.ts';
import { follow as followAll } from '../server/streams/follow.ts';

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
  const builds = (await store.findRun(runId))?.builds ?? [];
  const places = builds.map((_, at) => (after.length === builds.length ? (after[at] ?? 0) : 0));
  const writeOf = (build: Build, at: number) => (event: BuildEvent) => {
    places[at] = event.seq;
    return write({ build, event, id: places.join('.') });
  };
  yield* followAll(
    {
      listen: (ring) => builds.map(({ id }) => store.onChange(id, ring)),
      isComplete: async () => {
        const run = await store.findRun(runId);
        return !follow || run === undefined || isRunEnded(run.status);
      },
      async *read(until) {
        for (const [at, build] of builds.entries())
          yield* readEvents(store, build.id, places[at] ?? 0, writeOf(build, at), until);
      },
    },
    signal,
  );
};
