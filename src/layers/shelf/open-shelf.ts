/**
 * The life of a layer:
 *
 *   begin ▶ making ── commit ──▶ kept ── doom ──▶ doomed ── forget ──▶ (gone)
 *             │                   ▲ │
 *          dispose                └─┘ hold, release
 *             ▼
 *           (gone)
 *
 * In the making it is a folder without a row, which the next start deletes, unless a build goes on that adopts it. Its row is written when its files are whole and
 * on the disk, and says that it is doomed before the first of them is deleted: a kept layer is whole, wherever a run was cut
 * off.
 */

import type { LayerShelf } from '../types.ts';
import { makeEviction, type Eviction } from './evict.ts';
import { firstBroken, makeHolds } from './hold.ts';
import { makeDesk } from './make-desk.ts';
import { makeMaking } from './make-layer.ts';
import type { ShelfParts } from './parts.ts';
import { settleLayers, type SettledLayers } from './settle.ts';
import { makeTurns } from './turns.ts';

export type OpenedShelf = LayerShelf & {
  /** Once, before any build begins. `goingOn`: the keys that builds adopt. */
  readonly settle: (goingOn?: ReadonlySet<string>) => Promise<SettledLayers>;
  /** Evicts until the reserve of the disk and running builds have what they were promised, and so many bytes besides. */
  readonly giveWay: Eviction['giveWay'];
  readonly totals: ShelfParts['index']['totals'];
};

const makeTake = (
  { index, folders, settings, figures, warn }: ShelfParts,
  { prune, drop, discarded }: Eviction,
  held: ReturnType<typeof makeHolds>['held'],
): LayerShelf['take'] => {
  return async (key, buildId) => {
    if (!(await settings()).isOn) return undefined;
    if (discarded.has(key)) {
      await drop(key);
      return undefined;
    }
    const found = await index.hold(key, buildId);
    if (found === undefined) {
      if (await index.isTaken(key)) await prune();
      return undefined;
    }
    const holding = held(found.layer, buildId);
    const broken = await firstBroken(found.chain, folders);
    if (broken === undefined) {
      figures.layerTaken(found.layer.seconds);
      return holding;
    }
    await holding[Symbol.asyncDispose]();
    warn(broken, 'a layer is not whole, and is deleted with all that lie over it');
    await drop(broken.key);
    return undefined;
  };
};

/** Finds the layer that `take` would hold, and leaves all as it is. */
const makeLook =
  ({ index, folders, settings }: ShelfParts): LayerShelf['look'] =>
  async (key) => {
    if (!(await settings()).isOn || !(await index.known([key])).has(key)) return undefined;
    const layer = await index.find(key);
    for (let one = layer; one !== undefined;) {
      if ((await firstBroken([one], folders)) !== undefined) return undefined;
      one = one.parent === undefined ? undefined : await index.find(one.parent);
    }
    return layer;
  };

export const openShelf = (parts: ShelfParts): OpenedShelf => {
  const { index, settings, figures } = parts;
  const eviction = makeEviction(parts);
  const holds = makeHolds(parts);
  return {
    known: async (keys) => ((await settings()).isOn ? index.known(keys) : new Map()),
    take: makeTake(parts, eviction, holds.held),
    ...makeMaking(parts, eviction, holds),
    discard: eviction.drop,
    nearest: index.nearest,
    look: makeLook(parts),
    ...makeTurns(),
    missed: figures.layerMissed,
    ...makeDesk(parts, eviction),
    settle: (goingOn = new Set()) => settleLayers(parts, eviction, goingOn),
    giveWay: eviction.giveWay,
    totals: index.totals,
  };
};
