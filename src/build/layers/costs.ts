import { layerBounds } from '../../base/bounds.ts';
import type { LayerKind } from '../../base/records/layer-kind.ts';

/** What keeping costs on this host, as it was measured, and where it was for nothing. */
export type KeepingCosts = {
  /** Seconds that the work before must have taken for keeping it to be worth it. */
  readonly expectedSeconds: (kind: LayerKind, memoryMb: number) => number;
  readonly took: (kind: LayerKind, memoryMb: number, seconds: number) => void;
  /** Seconds for which a build of this template stood still while its guest was started anew; undefined: none was yet. */
  readonly restartSeconds: (templateName: string) => number | undefined;
  readonly restartTook: (templateName: string, seconds: number) => void;
  /** A build could not go on from what was kept under this key. */
  readonly wasUnusable: (key: string) => void;
  /** That was so more than once: the same again would be no better. */
  readonly isUnusable: (key: string) => boolean;
};

// What a machine of 256 MB takes on a slow host, until one was kept here.
const firstSecondsPerMb = 0.5 / 256;

// The newest counts as much as all before.
const weight = 0.5;

// A build that goes on from a layer has its time back once: keeping is worth it where a second use is likely enough.
const worth = 2;

// Once, the host may have been too busy.
const mostUnusable = 2;

export const makeKeepingCosts = (): KeepingCosts => {
  let perMb = firstSecondsPerMb;
  const restarts = new Map<string, number>();
  const unusable = new Map<string, number>();
  return {
    // Disks at rest and files are kept by their names alone.
    expectedSeconds: (kind, memoryMb) => (kind === 'machine' ? worth * perMb * memoryMb : 0),
    took: (kind, memoryMb, seconds) => {
      if (kind === 'machine') perMb = (1 - weight) * perMb + (weight * seconds) / memoryMb;
    },
    restartSeconds: (templateName) => restarts.get(templateName),
    restartTook: (templateName, seconds) => {
      const before = restarts.get(templateName) ?? seconds;
      restarts.delete(templateName);
      restarts.set(templateName, (1 - weight) * before + weight * seconds);
      const [oldest] = restarts.keys();
      if (restarts.size > layerBounds.measured && oldest !== undefined) restarts.delete(oldest);
    },
    wasUnusable: (key) => {
      const times = unusable.get(key) ?? 0;
      unusable.delete(key);
      unusable.set(key, times + 1);
      const [oldest] = unusable.keys();
      if (unusable.size > layerBounds.unusable && oldest !== undefined) unusable.delete(oldest);
    },
    isUnusable: (key) => (unusable.get(key) ?? 0) >= mostUnusable,
  };
};
