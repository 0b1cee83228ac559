import type { LayerDesk } from '../types.ts';
import type { Eviction } from './evict.ts';
import type { ShelfParts } from './parts.ts';
import { makeVerify } from './verify.ts';

/** What people ask of the layers, beside a daemon or without one. */
export const makeDesk = (
  { index, folders }: Pick<ShelfParts, 'index' | 'folders'>,
  { remove, removeAll, prune }: Pick<Eviction, 'remove' | 'removeAll' | 'prune'>,
): LayerDesk => ({
  list: index.list,
  find: index.find,
  remove: async (key, which) => {
    const doomed = await index.doom(key, which);
    return doomed && remove(doomed);
  },
  removeAll,
  prune,
  verify: makeVerify({ index, folders }),
});
