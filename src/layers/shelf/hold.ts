import type { Link } from '../../queue/layers.ts';
import type { HeldLayer, Layer } from '../types.ts';
import { whyNotWhole } from './files.ts';
import type { ShelfParts } from './parts.ts';

/** Hands out layers to builds. */
export type Holds = {
  /** A layer that the index holds for the build: released when all who have it from here have disposed it. */
  readonly held: (layer: Layer, buildId: string) => HeldLayer;
};

export const makeHolds = ({ index, folders }: Pick<ShelfParts, 'index' | 'folders'>): Holds => {
  const counts = new Map<string, number>();
  const held: Holds['held'] = (layer, buildId) => {
    const { key } = layer;
    const hold = `${key} ${buildId}`;
    counts.set(hold, (counts.get(hold) ?? 0) + 1);
    let isOver = false;
    return {
      layer,
      folder: folders.of(key),
      again: () => held(layer, buildId),
      [Symbol.asyncDispose]: async () => {
        if (isOver) return;
        isOver = true;
        const left = (counts.get(hold) ?? 1) - 1;
        if (left > 0) return void counts.set(hold, left);
        counts.delete(hold);
        await index.release(key, buildId);
      },
    };
  };
  return { held };
};

/** The first layer of a chain with a file that is missing or of another size, and what is wrong. */
export const firstBroken = async (
  chain: readonly Link[],
  folders: ShelfParts['folders'],
): Promise<{ readonly key: string; readonly file: string; readonly why: string } | undefined> => {
  for (const { key, files } of chain)
    for (const file of files) {
      const why = await whyNotWhole(folders.of(key), file);
      if (why !== undefined) return { key, file: file.name, why };
    }
  return undefined;
};
