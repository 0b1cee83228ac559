import type { Eviction } from './evict.ts';
import { firstBroken } from './hold.ts';
import type { ShelfParts } from './parts.ts';

/** What was put right, as keys. */
export type SettledLayers = {
  /** Folders that no layer has: what an earlier run was making. */
  readonly unfinished: readonly string[];
  /** Layers whose files an earlier run was deleting. */
  readonly doomed: readonly string[];
  /** Layers with files that are missing or of another size; what lay over them has gone with them. */
  readonly broken: readonly string[];
};

/**
 * Puts right what an earlier run of the daemon left; to be called when its builds are settled, before any begins. What it was
 * making of the keys in `goingOn` stays: builds that go on adopt it.
 */
export const settleLayers = async (
  { index, folders }: Pick<ShelfParts, 'index' | 'folders'>,
  { remove, drop }: Pick<Eviction, 'remove' | 'drop'>,
  goingOn: ReadonlySet<string>,
): Promise<SettledLayers> => {
  await index.releaseEnded();
  const doomed = await index.doomed();
  await remove(doomed);
  const there = new Set(await folders.keys());
  const broken: string[] = [];
  for (const link of await index.links()) {
    const isWhole = there.delete(link.key) && (await firstBroken([link], folders)) === undefined;
    if (isWhole) continue;
    broken.push(link.key);
    await drop(link.key);
  }
  const unfinished: string[] = [];
  for (const key of there) {
    if (goingOn.has(key) || (await index.isTaken(key))) continue;
    await folders.remove(key);
    unfinished.push(key);
  }
  return { unfinished, doomed: doomed.map(({ key }) => key), broken };
};
