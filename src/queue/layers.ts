/** What the store keeps of layers. Their files are the shelf's: src/layers/shelf. */

import type { Layer, LayerEntry, LayerFile, LayerFilter, NewLayer } from '../layers/types.ts';
import type { Page, PageAsk } from './records.ts';

/** A layer of a chain: its own files. */
export type Link = { readonly key: string; readonly files: readonly LayerFile[] };

/** What a layer takes of the disk: `ownBytes` are those of files that nothing else shares, which deleting it frees. */
export type TakenLayer = Pick<LayerEntry, 'bytes'> & { readonly ownBytes: number };

/** Layers whose files are to be deleted now, in this order. */
export type Doomed = readonly (TakenLayer & Pick<LayerEntry, 'key'>)[];

export type LayerTotals = {
  readonly layers: number;
  readonly bytes: number;
  /** Of those that no build uses. */
  readonly freeable: TakenLayer;
  /** Own bytes of those that the builds which made them still use: a part of what these were promised. */
  readonly madeBytes: number;
};

/**
 * The index of the layers. One that is doomed is told of no more; its key cannot be used again before it is forgotten. A
 * layer that a build holds, or that lies beneath a kept one, is never doomed.
 */
export type LayerIndex = {
  /** The newest first. */
  readonly list: (filter: LayerFilter, page: PageAsk) => Promise<Page<LayerEntry>>;
  readonly find: (key: string) => Promise<Layer | undefined>;
  readonly known: (keys: readonly string[]) => Promise<ReadonlyMap<string, LayerEntry>>;
  readonly nearest: (templateName: string, step: string, parent: string | undefined) => Promise<readonly Layer[]>;
  /** Whether the key is taken, by a layer that is doomed too. */
  readonly isTaken: (key: string) => Promise<boolean>;
  /** Fsynced; held for the build that made it. Throws `layer_missing` where the parent is not kept, `internal` where it asks for more than `layerBounds`. */
  readonly add: (layer: NewLayer & Pick<Layer, 'key' | 'files'> & TakenLayer) => Promise<Layer>;
  /** Holds it for a build and counts a use; the chain begins with the layer itself. Undefined: there is none, or it has expired. */
  readonly hold: (
    key: string,
    buildId: string,
  ) => Promise<{ readonly layer: Layer; readonly chain: readonly Link[] } | undefined>;
  readonly release: (key: string, buildId: string) => Promise<void>;
  /** Releases what is held for builds that neither run nor are held. */
  readonly releaseEnded: () => Promise<void>;
  /** Dooms a layer, and what lies over it, the top first. Throws `layer_in_use`. Undefined: there is none. */
  readonly doom: (key: string, which: 'alone' | 'over') => Promise<Doomed | undefined>;
  /** Dooms the least recently used that may be. */
  readonly doomNext: (among: 'all' | 'expired') => Promise<Doomed[number] | undefined>;
  /** Its files have gone. */
  readonly forget: (key: string) => Promise<void>;
  /** Those that are doomed and not yet forgotten, the top first. */
  readonly doomed: () => Promise<Doomed>;
  /** All of them, the top first. */
  readonly links: () => Promise<readonly Link[]>;
  readonly totals: () => Promise<LayerTotals>;
};
