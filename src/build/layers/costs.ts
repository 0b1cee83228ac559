import type { LayerKind } from '../../base/records/layer-kind.ts';

/** What keeping costs on this host, as it was measured. */
export type KeepingCosts = {
  /** Seconds that the work before must have taken for keeping it to be worth it. */
  readonly expectedSeconds: (kind: LayerKind, memoryMb: number) => number;
  readonly took: (kind: LayerKind, memoryMb: number, seconds: number) => void;
};

// What a machine of 256 MB takes on a slow host, until one was kept here.
const firstSecondsPerMb = 0.5 / 256;

// The newest counts as much as all before.
const weight = 0.5;

// Whoever goes on from a layer has its time back once: keeping is worth it where a second use is likely enough.
const worth = 2;

export const makeKeepingCosts = (): KeepingCosts => {
  let perMb = firstSecondsPerMb;
  return {
    // Disks at rest and files are kept by their names alone.
    expectedSeconds: (kind, memoryMb) => (kind === 'machine' ? worth * perMb * memoryMb : 0),
    took: (kind, memoryMb, seconds) => {
      if (kind === 'machine') perMb = (1 - weight) * perMb + (weight * seconds) / memoryMb;
    },
  };
};
