import type { BuildLayers, HeldLayer, Making, NewLayer } from '../types.ts';
import type { Eviction } from './evict.ts';
import type { Holds } from './hold.ts';
import type { ShelfParts } from './parts.ts';

type Makes = Pick<Eviction, 'reserve' | 'checkFits' | 'prune'>;

/** What makes the files in the folder of a key a layer, held for the build that made it. */
const makeCommit =
  ({ index, folders, settings, clock }: ShelfParts, { checkFits }: Makes, { held }: Holds) =>
  async (key: string, layer: NewLayer, signal: AbortSignal): Promise<HeldLayer> => {
    const { files, bytes, ownBytes } = await folders.seal(key, signal);
    await checkFits(bytes);
    signal.throwIfAborted();
    const oldest = Math.round(clock.now() + (await settings()).maxAgeMs);
    const expiresAt = Math.min(layer.expiresAt ?? oldest, oldest);
    return held(await index.add({ ...layer, key, files, bytes, ownBytes, expiresAt }), layer.buildId);
  };

/** See `BuildLayers`. */
// One closure, though long: all of it is about the keys that are being made.
export const makeMaking = (parts: ShelfParts, eviction: Makes, holds: Holds): Pick<BuildLayers, 'begin' | 'adopt'> => {
  const { index, folders, settings, warn } = parts;
  const commit = makeCommit(parts, eviction, holds);
  const making = new Set<string>();

  const pruneAfter = () =>
    eviction.prune().catch((error: unknown) => warn({ err: error }, 'the layers could not be pruned'));

  const makingOf = (key: string, room: Disposable): Making => {
    let isOver = false;
    let committing: Promise<unknown> = Promise.resolve();
    const end = () => {
      isOver = true;
      room[Symbol.dispose]();
      making.delete(key);
    };
    const commitOnce = async (layer: NewLayer, signal: AbortSignal) => {
      const held = await commit(key, layer, signal);
      end();
      await pruneAfter();
      return held;
    };
    return {
      folder: folders.of(key),
      commit: (layer, signal) => {
        const work = commitOnce(layer, signal);
        committing = work.catch(() => undefined);
        return work;
      },
      [Symbol.asyncDispose]: async () => {
        // Files must not go from below a row that is being written.
        await committing;
        // Only when they have gone may the key be begun again.
        if (!isOver) await folders.remove(key).finally(end);
      },
    };
  };

  const isFree = async (key: string): Promise<boolean> => {
    if (!(await index.isTaken(key))) return true;
    // One that has expired makes way.
    await eviction.prune();
    return !(await index.isTaken(key));
  };

  /** Has `begun` make it, unless it is being made already. */
  const once = async (key: string, begun: () => Promise<Making | undefined>): Promise<Making | undefined> => {
    const { isOn } = await settings();
    if (!isOn || making.has(key)) return undefined;
    making.add(key);
    let one: Making | undefined;
    try {
      one = await begun();
      return one;
    } finally {
      if (one === undefined) making.delete(key);
    }
  };

  return {
    begin: (key, roomBytes) =>
      once(key, async () => {
        const room = (await isFree(key)) ? await eviction.reserve(roomBytes) : undefined;
        if (room === undefined) return undefined;
        try {
          await folders.make(key);
        } catch (error) {
          room[Symbol.dispose]();
          throw error;
        }
        return makingOf(key, room);
      }),
    adopt: (key) =>
      once(key, async () => {
        if ((await index.isTaken(key)) || !(await folders.keys()).includes(key)) return undefined;
        // Its files have their room already.
        return makingOf(key, { [Symbol.dispose]: () => undefined });
      }),
  };
};
