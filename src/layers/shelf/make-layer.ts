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

/** See `BuildLayers.begin`. */
// One closure, though long: all of it is about the keys that are being made.
export const makeBegin = (parts: ShelfParts, eviction: Makes, holds: Holds): BuildLayers['begin'] => {
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

  return async (key, roomBytes) => {
    const { isOn } = await settings();
    if (!isOn || making.has(key)) return undefined;
    making.add(key);
    let room: Disposable | undefined;
    try {
      room = (await isFree(key)) ? await eviction.reserve(roomBytes) : undefined;
      if (room !== undefined) {
        await folders.make(key);
        return makingOf(key, room);
      }
      making.delete(key);
      return undefined;
    } catch (error) {
      room?.[Symbol.dispose]();
      making.delete(key);
      throw error;
    }
  };
};
