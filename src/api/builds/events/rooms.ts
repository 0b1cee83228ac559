import { isEnded } from '../../../base/records/status.ts';
import type { BuildEvent } from '../../../queue/records.ts';
import type { Store } from '../../../queue/store.ts';
import { makeRings } from './rings.ts';

/** A form in which events are written; those with the same key are read once for all. */
export type WrittenForm = { readonly key: string; readonly write: (event: BuildEvent) => string };

/** Some events of a build that follow each other, as one text. */
type EventText = {
  readonly text: string;
  /** The number of the last of them. */
  readonly last: number;
  /** Whether there were no more. */
  readonly isAll: boolean;
};

/** What one follower of a build sees. */
type EventRoom = Disposable & {
  /** Has `ring` called whenever there may be more. */
  readonly listen: (ring: () => void) => Disposable;
  /** Whether the build has ended, or is gone. */
  readonly isComplete: () => Promise<boolean>;
  /** The next events after a number; undefined where there are none yet. */
  readonly next: (after: number, form: WrittenForm) => Promise<EventText | undefined>;
};

// Events in one text.
const batch = 200;

// Those who are up to date ask the same, in a form or two; who comes later reads for himself.
const keptTexts = 4;

// In characters; a longer text is for those alone who ask while it is read.
const longestKept = 2 ** 20;

/** What one room looks up, once for all who are in it. */
const makeRoom = (store: Pick<Store, 'events' | 'find' | 'onChange'>, id: string) => {
  const rings = makeRings();
  const texts = new Map<string, Promise<EventText | undefined>>();
  let complete: Promise<boolean> | undefined;
  const listener = store.onChange(id, () => {
    texts.clear();
    complete = undefined;
    rings.ringAll();
  });

  const read = async (after: number, { write }: WrittenForm): Promise<EventText | undefined> => {
    const events = await store.events(id, after, batch);
    const last = events.at(-1)?.seq;
    return last === undefined ? undefined : { text: events.map(write).join(''), last, isAll: events.length < batch };
  };
  /** Keeps what is read until the next change, unless it fails or is long. */
  const keep = (key: string, reading: Promise<EventText | undefined>): void => {
    texts.set(key, reading);
    const forget = () => {
      if (texts.get(key) === reading) texts.delete(key);
    };
    reading.then((found) => (found === undefined || found.text.length <= longestKept ? undefined : forget()), forget);
    const [oldest] = texts.size > keptTexts ? texts.keys() : [];
    if (oldest !== undefined) texts.delete(oldest);
  };
  return {
    listen: rings.add,
    next: (after: number, form: WrittenForm): Promise<EventText | undefined> => {
      const key = `${after} ${form.key}`;
      const known = texts.get(key);
      if (known !== undefined) return known;
      const reading = read(after, form);
      keep(key, reading);
      return reading;
    },
    isComplete: (): Promise<boolean> => {
      if (complete !== undefined) return complete;
      const looking = store.find(id).then((build) => build === undefined || isEnded(build.status));
      complete = looking;
      looking.catch(() => {
        if (complete === looking) complete = undefined;
      });
      return looking;
    },
    [Symbol.dispose]: () => listener[Symbol.dispose](),
  };
};

/** One room for each build that is followed: one listener, one look into the store and one writing for all who are in it. */
export const makeEventRooms = (store: Pick<Store, 'events' | 'find' | 'onChange'>) => {
  const rooms = new Map<string, { readonly room: ReturnType<typeof makeRoom>; followers: number }>();
  return {
    enter: (id: string): EventRoom => {
      const kept = rooms.get(id) ?? { room: makeRoom(store, id), followers: 0 };
      rooms.set(id, kept);
      kept.followers += 1;
      const { listen, next, isComplete } = kept.room;
      return {
        ...{ listen, next, isComplete },
        [Symbol.dispose]: () => {
          kept.followers -= 1;
          if (kept.followers > 0) return;
          rooms.delete(id);
          kept.room[Symbol.dispose]();
        },
      };
    },
  };
};

export type EventRooms = ReturnType<typeof makeEventRooms>;
