import type { BuildLayers, Making } from '../types.ts';
import type { Eviction } from './evict.ts';
import type { Holds } from './hold.ts';
import type { ShelfParts } from './parts.ts';

/** See `BuildLayers.begin`. */
export const makeBegin = (
  { index, folders, settings, clock, warn }: ShelfParts,
  eviction: Pick<Eviction, 'reserve' | 'checkFits' | 'prune'>,
  { held }: Holds,
): BuildLayers['begin'] => {
  const making = new Set<string>();

  const pruneAfter = () =>
    eviction.prune().catch((error: unknown) => warn({ err: error }, 'the layers could not be pruned'));

  const makingOf = (key: string, room: Disposable): Making => {
    let isOver = false;
    const end = () => {
      isOver = true;
      room[Symbol.dispose]();
      making.delete(key);
    };
    return {
      folder: folders.of(key),
      commit: async (layer, signal) => {
        const { files, bytes, ownBytes } = await folders.seal(key, signal);
        await eviction.checkFits(bytes);
        signal.throwIfAborted();
        const oldest = Math.round(clock.now() + (await settings()).maxAgeMs);
        const expiresAt = Math.min(layer.expiresAt ?? oldest, oldest);
        const added = await index.add({ ...layer, key, files, bytes, ownBytes, expiresAt });
        end();
        await pruneAfter();
        return held(added, layer.buildId);
      },
      [Symbol.asyncDispose]: async () => {
        if (isOver) return;
        // Only then may it be begun again.
        await folders.remove(key).finally(end);
      },
    };
  };

  return async (key, roomBytes) => {
    const { isOn } = await settings();
    if (!isOn || making.has(key)) return undefined;
    making.add(key);
    let room: Disposable | undefined;
    try {
      room = (await index.isTaken(key)) ? undefined : await eviction.reserve(roomBytes);
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
