import type { Clock } from '../clock.ts';
import type { Build, Store } from '../queue/types.ts';
import { settled } from '../waiting.ts';
import type { View } from './view.ts';

/** A build as it was at one moment, its reply written out once for all who wait for it. */
export type Seen = { readonly build: Build; readonly etag: string; readonly body: string };

type Waiter = { readonly changed: (seen: Seen | undefined) => void; readonly end: () => void };

type Room = { readonly waiters: Set<Waiter>; readonly listener: Disposable };

/** Nothing more comes of such a build. */
export const hasEnded = ({ status }: Pick<Build, 'status'>): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'cancelled';

/**
 * Where requests wait for a build to change: one listener and one look into the store for all who wait for the same
 * build. Ends every wait when `stopping` aborts.
 */
export const makeWaits = (
  store: Pick<Store, 'find' | 'onChange'>,
  view: Pick<View, 'build'>,
  clock: Clock,
  stopping: AbortSignal,
) => {
  const rooms = new Map<string, Room>();

  const look = async (id: string): Promise<Seen | undefined> => {
    const build = await store.find(id);
    return build && { build, etag: `"${build.version}"`, body: JSON.stringify(view.build(build)) };
  };

  const tell = (id: string) => {
    const all = (seen: Seen | undefined) => rooms.get(id)?.waiters.forEach(({ changed }) => changed(seen));
    // The store is gone or broken: whoever waits asks it again himself, and gets its error.
    look(id).then(all, () => all(undefined));
  };

  const enter = (id: string, waiter: Waiter): Disposable => {
    const room = rooms.get(id) ?? { waiters: new Set(), listener: store.onChange(id, () => tell(id)) };
    rooms.set(id, room);
    room.waiters.add(waiter);
    return {
      [Symbol.dispose]: () => {
        room.waiters.delete(waiter);
        if (room.waiters.size > 0 || rooms.get(id) !== room) return;
        rooms.delete(id);
        room.listener[Symbol.dispose]();
      },
    };
  };

  /**
   * The build once `enough` says so of it, or as it stands after `ms`, or when the client goes or the daemon stops.
   * Undefined: there is no such build, or no longer.
   */
  const until = async (
    id: string,
    enough: (seen: Seen) => boolean,
    ms: number,
    gone: AbortSignal,
  ): Promise<Seen | undefined> => {
    if (ms === 0) return look(id);
    const answer = settled<Seen | undefined>();
    let last: Seen | undefined;
    // Enters before it looks, so that no change falls between the two.
    using _room = enter(id, {
      changed: (seen) => {
        last = seen;
        if (seen === undefined || enough(seen)) answer.resolve(seen);
      },
      end: () => answer.resolve(last),
    });
    const first = await look(id);
    if (first === undefined || enough(first) || stopping.aborted || gone.aborted) return first;
    last ??= first;
    using limit = clock.deadline(ms, gone, () => undefined);
    limit.signal.addEventListener('abort', () => answer.resolve(last), { once: true });
    return (await answer.promise) ?? look(id);
  };

  const stop = () => rooms.forEach(({ waiters }) => waiters.forEach(({ end }) => end()));
  stopping.addEventListener('abort', stop, { once: true });

  return {
    look,
    until,
    /** How many builds are waited for now. */
    size: () => rooms.size,
    [Symbol.dispose]: () => stopping.removeEventListener('abort', stop),
  };
};

export type Waits = ReturnType<typeof makeWaits>;
