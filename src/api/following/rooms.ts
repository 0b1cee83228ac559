import { cleanupStack } from '../../base/cleanup.ts';
import type { Clock } from '../../base/clock.ts';
import { follow, type FollowedBytes as Opening } from './follow.ts';
import { makeRings } from './rings.ts';

/** What comes behind a place, as it is sent. */
export type FollowedPiece<Place> = {
  readonly bytes: Uint8Array;
  /** The place behind it. */
  readonly last: Place;
  /** Whether there was no more. */
  readonly isAll: boolean;
};

/** A form in which pieces are written; those with the same key are read and written once for all. */
export type WrittenForm = { readonly key: string };

/** Something that grows and that many follow. Disposing it lets it go. */
export type FollowedSource<Place, Form extends WrittenForm> = AsyncDisposable & {
  /** Calls `more` when it may have grown, and `changed` when it may have become complete. */
  readonly watch: (heard: { readonly more: () => void; readonly changed: () => void }) => readonly Disposable[];
  /** Whether what there is now is all that will ever be. */
  readonly isComplete: () => Promise<boolean>;
  /** The next piece; undefined where there is none yet. `isComplete`: nothing is added to what there is. */
  readonly read: (after: Place, form: Form, isComplete: boolean) => Promise<FollowedPiece<Place> | undefined>;
};

// Those who are up to date ask the same, in a form or two; who is behind reads for himself.
const keptPieces = 4;

// A longer piece is for those alone who ask while it is read.
const longestKept = 2 ** 20;

/** The next piece, and whether nothing is added to what there was. */
type Found<Place> = { readonly piece: FollowedPiece<Place> | undefined; readonly isLast: boolean };

/** What one room reads, once for all who are in it. */
const makeRoom = <Place extends number | string, Form extends WrittenForm>(
  source: FollowedSource<Place, Form>,
  clock: Pick<Clock, 'every'>,
) => {
  const rings = makeRings(clock);
  const pieces = new Map<string, Promise<Found<Place>>>();
  const cleanup = cleanupStack();
  let complete: Promise<boolean> | undefined;
  cleanup.keep(source);
  const more = () => {
    pieces.clear();
    rings.ringAll();
  };
  const changed = () => {
    complete = undefined;
    more();
  };
  for (const watching of source.watch({ more, changed })) cleanup.keep(watching);

  const isComplete = (): Promise<boolean> => {
    if (complete !== undefined) return complete;
    const looking = source.isComplete();
    complete = looking;
    looking.catch(() => {
      if (complete === looking) complete = undefined;
    });
    return looking;
  };
  /** Keeps what is read until the next change, unless it fails or is long; what was asked for last is kept longest. */
  const keep = (key: string, reading: Promise<Found<Place>>): void => {
    pieces.delete(key);
    pieces.set(key, reading);
    const [oldest] = pieces.size > keptPieces ? pieces.keys() : [];
    if (oldest !== undefined) pieces.delete(oldest);
  };
  const read = (key: string, after: Place, form: Form): Promise<Found<Place>> => {
    // Asked before it is read, so that the last of it is among that.
    const reading = isComplete().then(async (isLast) => ({ piece: await source.read(after, form, isLast), isLast }));
    const forget = () => {
      if (pieces.get(key) === reading) pieces.delete(key);
    };
    reading.then(({ piece }) => {
      if (piece !== undefined && piece.bytes.byteLength > longestKept) forget();
    }, forget);
    return reading;
  };
  return {
    listen: rings.add,
    next: (after: Place, form: Form): Promise<Found<Place>> => {
      const key = `${after} ${form.key}`;
      const reading = pieces.get(key) ?? read(key, after, form);
      keep(key, reading);
      return reading;
    },
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};

/**
 * One room for each thing that is followed: one listener, one look at it and one writing for all who stand at the same place.
 * Who is behind reads for himself until he has caught up. Of each follower one piece waits at the most, until it is taken.
 */
export const makeRooms = <Place extends number | string, Form extends WrittenForm>(clock: Pick<Clock, 'every'>) => {
  type Room = ReturnType<typeof makeRoom<Place, Form>>;
  const rooms = new Map<string, { readonly room: Room; followers: number }>();
  const enter = (id: string, open: () => FollowedSource<Place, Form>) => {
    const kept = rooms.get(id) ?? { room: makeRoom(open(), clock), followers: 0 };
    rooms.set(id, kept);
    kept.followers += 1;
    return {
      room: kept.room,
      [Symbol.asyncDispose]: async () => {
        kept.followers -= 1;
        if (kept.followers > 0) return;
        rooms.delete(id);
        await kept.room[Symbol.asyncDispose]();
      },
    };
  };
  /** One who follows, from when he begins. */
  const opening =
    ({ id, open, after, form }: FollowedRoom<Place, Form>): Opening<Uint8Array> =>
    (ring) => {
      const entered = enter(id, open);
      const listening = entered.room.listen(ring);
      let at = after;
      return {
        next: async () => {
          const { piece, isLast } = await entered.room.next(at, form);
          if (piece === undefined) return { part: undefined, isAll: true, isLast };
          at = piece.last;
          return { part: piece.bytes, isAll: piece.isAll, isLast };
        },
        [Symbol.asyncDispose]: () => {
          listening[Symbol.dispose]();
          return entered[Symbol.asyncDispose]();
        },
      };
    };
  return {
    /** All that comes behind a place, in order and each once, until it is complete or the signal aborts. */
    follow: (followed: FollowedRoom<Place, Form>, signal: AbortSignal): AsyncIterableIterator<Uint8Array, undefined> =>
      follow(opening(followed), signal),
  };
};

export type Rooms<Place extends number | string, Form extends WrittenForm> = ReturnType<typeof makeRooms<Place, Form>>;

/** What a client follows, and from where on. */
export type FollowedRoom<Place, Form extends WrittenForm> = {
  readonly id: string;
  /** Opens it for the first who follows it. */
  readonly open: () => FollowedSource<Place, Form>;
  readonly after: Place;
  readonly form: Form;
};
