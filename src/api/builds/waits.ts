import type { Clock } from '../../base/clock.ts';
import type { Build } from '../../queue/records.ts';
import type { Store } from '../../queue/store.ts';
import { deferred } from '../../base/waiting.ts';
import type { ApiParts } from '../types.ts';
import { showMoment, type View } from './view.ts';

/** A build as it was at one moment, its reply written out once for all who wait for it. */
export type SeenBuild = { readonly build: Build; readonly etag: string; readonly body: string };

/** A build as it is at the end of a wait, and as it was at the beginning. */
export type Waited = { readonly seen: SeenBuild; readonly first: SeenBuild };

type Waiter = {
  readonly changed: (seen: SeenBuild | undefined) => void;
  readonly end: () => void;
  /** On the clock that never jumps. */
  readonly endsAt: number;
};

type Room = {
  readonly waiters: Set<Waiter>;
  readonly listener: Disposable;
  /** The build as it stands, looked up once for all who come before the next change. */
  seen: Promise<SeenBuild | undefined> | undefined;
};

type WaitsParts = {
  readonly store: Pick<Store, 'find' | 'onChange'>;
  readonly live: Pick<ApiParts['live'], 'pauses' | 'progress' | 'waiting'>;
};

// How late a wait may end: one tick for all of them, as thousands of timers would cost more than the waiting.
const tickMs = 100;

// In characters: some thousand replies, or hundreds with long faults.
const mostKept = 4 * 2 ** 20;

/** Of a build that runs, how far it is and whether it waits: what is not kept of it. The rest changes with the build. */
const withMoment = async (seen: SeenBuild, live: WaitsParts['live']): Promise<SeenBuild> => {
  const { build, body } = seen;
  if (build.status !== 'running') return seen;
  const progress = (await live.progress([build])).get(build.id);
  const moment = JSON.stringify(showMoment({ progress, paused: live.pauses(build.id) }));
  return moment === '{}' ? seen : { ...seen, body: `${body.slice(0, -1)},${moment.slice(1)}` };
};

/** The replies that were given last and still hold: a build that is polled is read and written out once for each change. */
const makeReplies = ({ store, live }: WaitsParts, view: Pick<View, 'build'>) => {
  const kept = new Map<string, SeenBuild>();
  let size = 0;
  let changes = 0;
  const drop = (id: string) => {
    size -= kept.get(id)?.body.length ?? 0;
    kept.delete(id);
  };
  const listener = store.onChange('*', (id) => {
    changes += 1;
    drop(id);
  });

  const look = async (id: string): Promise<SeenBuild | undefined> => {
    const known = kept.get(id);
    if (known !== undefined) return withMoment(known, live);
    const before = changes;
    const build = await store.find(id);
    if (build === undefined) return undefined;
    const etag = `"${build.version}"`;
    if (build.status === 'queued') {
      // Why it is queued changes without a change of the build.
      const [waiting, progress] = [await live.waiting(build), (await live.progress([build])).get(id)];
      return { build, etag, body: JSON.stringify(view.build(build, { waiting, progress })) };
    }
    const seen = { build, etag, body: JSON.stringify(view.build(build)) };
    if (changes !== before) return withMoment(seen, live);
    drop(id);
    kept.set(id, seen);
    size += seen.body.length;
    for (const oldest of kept.keys()) {
      if (size <= mostKept) break;
      drop(oldest);
    }
    return withMoment(seen, live);
  };
  return { look, [Symbol.dispose]: () => listener[Symbol.dispose]() };
};

/** One room for each build that is waited for: one listener, and one look into the store for all who are in it. */
const makeRooms = (parts: WaitsParts, view: Pick<View, 'build'>) => {
  const { store } = parts;
  const rooms = new Map<string, Room>();
  const replies = makeReplies(parts, view);
  const { look } = replies;

  const lookFrom = (room: Room, id: string): Promise<SeenBuild | undefined> =>
    (room.seen ??= look(id).catch((error: unknown) => {
      room.seen = undefined;
      throw error;
    }));

  const tell = (id: string) => {
    const room = rooms.get(id);
    if (room === undefined) return;
    room.seen = undefined;
    const all = (seen: SeenBuild | undefined) => room.waiters.forEach(({ changed }) => changed(seen));
    // The store is gone or broken: each request that waits asks it again, and gets its error.
    lookFrom(room, id).then(all, () => all(undefined));
  };

  const enter = (id: string, waiter: Waiter) => {
    const room = rooms.get(id) ?? {
      waiters: new Set(),
      listener: store.onChange(id, () => tell(id)),
      seen: undefined,
    };
    rooms.set(id, room);
    room.waiters.add(waiter);
    return {
      look: () => lookFrom(room, id),
      [Symbol.dispose]: () => {
        room.waiters.delete(waiter);
        if (room.waiters.size > 0 || rooms.get(id) !== room) return;
        rooms.delete(id);
        room.listener[Symbol.dispose]();
      },
    };
  };

  return {
    look,
    enter,
    each: (act: (waiter: Waiter) => void) => rooms.forEach(({ waiters }) => waiters.forEach(act)),
    size: () => rooms.size,
    [Symbol.dispose]: () => replies[Symbol.dispose](),
  };
};

/** What is waited for. */
type WaitAsk = {
  /** The build. */
  readonly id: string;
  /** Whether it has changed enough since `first`, how it was at the beginning. */
  readonly enough: (seen: SeenBuild, first: SeenBuild) => boolean;
  /** For how long at most; 0: it is only looked at. */
  readonly ms: number;
  /** Calls `leave` when the client goes. */
  readonly whenGone: (leave: () => void) => Disposable;
};

/**
 * The build once `enough` says so of it, or as it stands after `ms`, or when the client goes or the daemon stops: what it
 * gives may be news that `enough` was not asked about. Undefined: there is no such build, or no longer.
 */
const waitIn = async (
  { look, enter }: Pick<ReturnType<typeof makeRooms>, 'look' | 'enter'>,
  { id, enough, ms, whenGone }: WaitAsk,
  { clock, signal: stopping }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Waited | undefined> => {
  if (ms === 0) {
    const seen = await look(id);
    return seen && { seen, first: seen };
  }
  const answer = deferred<SeenBuild | undefined>();
  const build: { first?: SeenBuild; last?: SeenBuild | undefined } = {};
  // Why a build waits in the queue may be another reason by now.
  const end = () => answer.resolve(build.last?.build.status === 'queued' ? undefined : build.last);
  const changed = (seen: SeenBuild | undefined) => {
    // Looks end in another order than they began: why a build waits in the queue takes longer to find out than the rest.
    if (seen !== undefined && build.last !== undefined && seen.build.version < build.last.build.version) return;
    build.last = seen;
    if (seen === undefined || (build.first && enough(seen, build.first))) answer.resolve(seen);
  };
  // Enters before it looks, so that no change falls between the two.
  using room = enter(id, { changed, end, endsAt: clock.elapsed() + ms });
  const first = await room.look();
  if (first === undefined) return undefined;
  if (enough(first, first) || stopping.aborted) return { seen: first, first };
  build.first = first;
  if (build.last && enough(build.last, first)) return { seen: build.last, first };
  build.last ??= first;
  using _gone = whenGone(end);
  const seen = (await answer.promise) ?? (await look(id));
  return seen && { seen, first };
};

/**
 * Where requests wait for a build to change: one listener and one look into the store for all who wait for the same
 * build. Ends every wait when the signal aborts.
 */
// One closure, though long: entering, looking and leaving are one wait.
export const makeWaits = (
  parts: WaitsParts & { readonly clock: Clock; readonly signal: AbortSignal },
  view: Pick<View, 'build'>,
) => {
  const { clock, signal: stopping } = parts;
  const rooms = makeRooms(parts, view);
  const { look, each, size } = rooms;

  const stop = () => each(({ end }) => end());
  stopping.addEventListener('abort', stop, { once: true });
  const ticking = clock.every(tickMs, () => {
    const now = clock.elapsed();
    each(({ end, endsAt }) => {
      if (endsAt <= now) end();
    });
  });

  return {
    look,
    until: (ask: WaitAsk): Promise<Waited | undefined> => waitIn(rooms, ask, parts),
    /** How many builds are waited for now. */
    size,
    [Symbol.dispose]: () => {
      stopping.removeEventListener('abort', stop);
      ticking[Symbol.dispose]();
      rooms[Symbol.dispose]();
    },
  };
};

export type Waits = ReturnType<typeof makeWaits>;
