/** Kept layers: what a build has made up to a step, for later builds to go on from. */

import type { LayerKind } from '../base/records/layer-kind.ts';
import type { Page, PageAsk } from '../queue/records.ts';

/** One thing that went into a key, for people and for comparing: `provisioners/2: script setup.sh`, and its digest. */
export type Ingredient = { readonly name: string; readonly digest: string };

/** A file of a layer, by its name in the layer's folder; SHA-256 in lower-case hexadecimal. */
export type LayerFile = { readonly name: string; readonly bytes: number; readonly sha256: string };

export { layerKinds, type LayerKind } from '../base/records/layer-kind.ts';

/** What the index says of a kept layer. */
export type LayerEntry = {
  /** SHA-256 over all that went into it, 64 hexadecimal digits. */
  readonly key: string;
  /** The layer whose disks lie beneath; undefined: none. */
  readonly parent?: string;
  /** How many layers lie upon each other, this one included: 1 without a parent. */
  readonly depth: number;
  /** After which step of the plan it was kept. */
  readonly step: string;
  readonly templateName: string;
  /** The build that made it. */
  readonly buildId: string;
  readonly kind: LayerKind;
  /** Unix milliseconds. A use of a layer that lies over it is a use too, which `uses` does not count. */
  readonly madeAt: number;
  readonly usedAt: number;
  readonly uses: number;
  /** Allocated on disk by its own files. */
  readonly bytes: number;
  /** What going on from it saves: the time of all steps before it. */
  readonly seconds: number;
  /** Unix milliseconds; never later than that of the layer beneath. Undefined: never. */
  readonly expiresAt?: number;
};

/** All that is known of a kept layer. */
export type Layer = LayerEntry & {
  /** Of this layer's own part of the plan, not of the layers beneath. */
  readonly ingredients: readonly Ingredient[];
  /** JSON of the build's own, such as its disks and its login: at most `layerBounds.factsBytes`. */
  readonly facts: unknown;
  readonly files: readonly LayerFile[];
};

/** What a build says of a layer that it has made. */
export type NewLayer = Pick<
  Layer,
  'parent' | 'step' | 'templateName' | 'buildId' | 'kind' | 'seconds' | 'expiresAt' | 'ingredients' | 'facts'
>;

/** While this lasts, neither the layer nor one that lies beneath it is evicted. */
export type HeldLayer = AsyncDisposable & {
  readonly layer: Layer;
  readonly folder: string;
  /** The same once more, for whom it must outlast this one; asked before this is disposed. */
  readonly again: () => HeldLayer;
};

/** A layer in the making. Disposing it without `commit` leaves nothing. */
export type Making = AsyncDisposable & {
  /**
   * Where its files go, none in a folder of its own, and where they stay: names of backing files may be written at once.
   * The folder has mode 0700; the files become read-only when they are committed.
   */
  readonly folder: string;
  /**
   * Makes it a layer, held for the build that made it: its files are on the disk, hashed and read-only when this resolves.
   * The layer beneath must be held. Throws `storage_full`, and `layer_missing` where the layer beneath is gone.
   */
  readonly commit: (layer: NewLayer, signal: AbortSignal) => Promise<HeldLayer>;
};

/** One thing that `verify` has found wrong. */
export type LayerFinding = { readonly key: string; readonly file: string; readonly message: string };

/** What a removal or an eviction has freed. */
export type Freed = { readonly layers: number; readonly bytes: number };

export type LayerFilter = { readonly templateName?: string; readonly kind?: LayerKind };

/** What builds ask of the kept layers. */
export type BuildLayers = {
  /** Those of the keys that are kept and have not expired. Quick: 20 keys among 10,000 layers take less than 5 ms. */
  readonly known: (keys: readonly string[]) => Promise<ReadonlyMap<string, LayerEntry>>;
  /**
   * Holds a layer for a build, and counts a use. Undefined where there is none or it has expired, or where files of it or of
   * one beneath are missing or of another size: it is removed then. The hold outlives the daemon as long as the build runs.
   */
  readonly take: (key: string, buildId: string) => Promise<HeldLayer | undefined>;
  /** The layer that `take` would hold. Nothing is held, counted or removed. */
  readonly look: (key: string) => Promise<Layer | undefined>;
  /** Whether a build is making it now, or waits until it may. */
  readonly isBeingMade: (key: string) => boolean;
  /**
   * Begins to make a layer of about so many bytes. Undefined: it is kept or being made already, or there is no room for
   * it: the reserve, and what running builds were promised, go before.
   */
  readonly begin: (key: string, roomBytes: number) => Promise<Making | undefined>;
  /** Goes on with the making of a layer that an earlier daemon has left, with the files that are in its folder. Undefined: there is none. */
  readonly adopt: (key: string) => Promise<Making | undefined>;
  /**
   * Removes a layer that no machine can go on from, with all that lie over it, so that it may be made again. Where a build uses one of
   * them it stays until that is over, and is given to no other.
   */
  readonly discard: (key: string) => Promise<void>;
  /** To tell why there is none: the layers of this step of the template, the newest first, those with this parent before others; at most 10. */
  readonly nearest: (templateName: string, step: string, parent: string | undefined) => Promise<readonly Layer[]>;
  /**
   * One makes a key at a time: resolves when it is this caller's turn, in the order of the calls; disposing it gives the
   * turn to the next, who looks first whether the layer is kept now. Rejects with the signal's reason.
   */
  readonly turn: (key: string, signal: AbortSignal) => Promise<Disposable>;
  /** Counts a build that looked for a layer and found none to go on from; `take` counts the others. */
  readonly missed: () => void;
};

/** What people ask of the kept layers. */
export type LayerDesk = {
  /** The newest first. */
  readonly list: (filter: LayerFilter, page: PageAsk) => Promise<Page<LayerEntry>>;
  readonly find: (key: string) => Promise<Layer | undefined>;
  /**
   * Removes a layer, and with `over` all that lie over it; undefined: there is none. Throws `layer_in_use` where a build
   * uses one of them, and, for it `alone`, where another lies over it.
   */
  readonly remove: (key: string, which: 'alone' | 'over') => Promise<Freed | undefined>;
  /** Removes all that no build uses. */
  readonly removeAll: () => Promise<Freed>;
  /** Removes what has expired, and evicts down to the size of the configuration. */
  readonly prune: () => Promise<Freed>;
  /** Reads all files and compares their digests; gives the number of layers. It removes nothing. */
  readonly verify: (onFinding: (finding: LayerFinding) => void, signal: AbortSignal) => Promise<number>;
};

/** Where layers are kept. */
export type LayerShelf = BuildLayers & LayerDesk;
