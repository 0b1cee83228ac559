import type { LayerIndex } from '../../queue/layers.ts';
import type { LayerFolders } from './files.ts';

/** What an operator has set, as it is now. */
export type ShelfSettings = {
  /** Off: builds neither find layers nor make any. */
  readonly isOn: boolean;
  /** That all layers together may take. */
  readonly bytes: number;
  /** How long one is kept at most, in milliseconds. */
  readonly maxAgeMs: number;
};

/** What the shelf is made of. */
export type ShelfParts = {
  readonly index: LayerIndex;
  readonly folders: LayerFolders;
  readonly settings: () => Promise<ShelfSettings>;
  /**
   * Bytes of the disk that neither the reserve nor running builds have been promised; less than none where these are short of
   * room already.
   */
  readonly spareBytes: () => Promise<number>;
  readonly clock: { readonly now: () => number };
  readonly figures: { readonly layerTaken: (savedSeconds: number) => void; readonly layerMissed: () => void };
  readonly warn: (facts: object, message: string) => void;
};
