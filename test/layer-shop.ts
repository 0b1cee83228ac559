import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../src/base/clock.ts';
import type { Layer, LayerShelf, NewLayer } from '../src/layers/types.ts';
import { layerFoldersIn } from '../src/layers/shelf/files.ts';
import { openShelf, type OpenedShelf } from '../src/layers/shelf/open-shelf.ts';
import type { ShelfParts, ShelfSettings } from '../src/layers/shelf/parts.ts';
import type { Store } from '../src/queue/store.ts';

/** What a test may set, also while the shelf is used. */
export type ShelfDesk = ShelfSettings & {
  /** Of the disk, with nothing on the shelf. */
  readonly spareBytes: number;
};

/** Room for whatever a test keeps. */
export const roomyDesk: ShelfDesk = { isOn: true, bytes: 2 ** 40, maxAgeMs: 86_400_000, spareBytes: 2 ** 40 };

export type ShelfShop = {
  readonly shelf: OpenedShelf;
  /** What the shelf warned of. */
  readonly warnings: string[];
  readonly figures: { hits: number; misses: number; saved: number };
};

/** A shelf over a real store, below a folder. */
export const shelfIn = (
  root: string,
  store: Pick<Store, 'layers'>,
  desk: () => ShelfDesk = () => roomyDesk,
  clock: ShelfParts['clock'] = systemClock,
): ShelfShop => {
  const warnings: string[] = [];
  const figures = { hits: 0, misses: 0, saved: 0 };
  const shelf = openShelf({
    ...{ index: store.layers, folders: layerFoldersIn(root), clock },
    settings: async () => desk(),
    // As a disk does, it has less to spare by what lies on it.
    spareBytes: async () => desk().spareBytes - (await store.layers.totals()).bytes,
    figures: {
      layerTaken: (seconds) => {
        figures.hits++;
        figures.saved += seconds;
      },
      layerMissed: () => void figures.misses++,
    },
    warn: (facts, message) => void warnings.push(`${message} ${JSON.stringify(facts)}`),
  });
  return { shelf, warnings, figures };
};

/** A key that stands for this word. */
export const keyOf = (word: string): string => Buffer.from(word).toString('hex').padEnd(64, '0').slice(0, 64);

export const aLayer = (change: Partial<NewLayer> = {}): NewLayer => ({
  step: 'install',
  templateName: 'tiny',
  buildId: 'maker',
  kind: 'disk',
  seconds: 60,
  ingredients: [{ name: 'install: answers', digest: 'ab'.repeat(32) }],
  facts: { login: 'root', password: 'hunter22' },
  ...change,
});

/** Bytes of the one file that `keep` writes, unless told otherwise. */
export const layerBytes = 64 * 1024;

/** Makes a layer with one file, and releases it. */
export const keep = async (
  shelf: Pick<LayerShelf, 'begin'>,
  key: string,
  change: Partial<NewLayer> = {},
  bytes = layerBytes,
): Promise<Layer> => {
  await using making = await shelf.begin(key, bytes);
  if (making === undefined) throw new Error(`the layer ${key} cannot be begun`);
  await writeFile(join(making.folder, 'disk0.qcow2'), randomBytes(bytes), { mode: 0o600 });
  await using held = await making.commit(aLayer(change), new AbortController().signal);
  return held.layer;
};
