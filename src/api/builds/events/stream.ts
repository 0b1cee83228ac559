import type { BuildEvent } from '../../../queue/records.ts';
import type { Store } from '../../../queue/store.ts';
import { follow } from '../../server/streams/follow.ts';
import type { EventRooms, WrittenForm } from './rooms.ts';

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

type Followed = {
  readonly buildId: string;
  /** Only events with a higher number. */
  readonly after: number;
  readonly form: WrittenForm;
};

/** The events of a build as text, in order and each once, until the build has ended or the signal aborts. */
export const followEvents = async function* (
  rooms: EventRooms,
  { buildId, after, form }: Followed,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  using room = rooms.enter(buildId);
  let at = after;
  const read = async function* (until: AbortSignal): AsyncGenerator<string, void> {
    for (let isAll = false; !isAll && !until.aborted;) {
      const next = await room.next(at, form);
      if (next === undefined) return;
      at = next.last;
      isAll = next.isAll;
      yield next.text;
    }
  };
  yield* follow({ listen: (ring) => [room.listen(ring)], isComplete: room.isComplete, read }, signal);
};
