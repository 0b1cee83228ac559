import type { QmpEvent } from './qmp.ts';

/** How many events may come at once, and how many a second for good: no guest that works comes near. */
export const eventBound = { atOnce: 10_000, perSecond: 10 } as const;

/**
 * Counts the events of one QEMU, of which its guest can cause some without end, such as GUEST_CRASHLOADED of pvpanic: a
 * bucket that leaks, by QEMU's clock, so that those of the past count as they came. Gives whether they are too many.
 */
export const makeEventCount = (): ((event: QmpEvent) => boolean) => {
  let level = 0;
  let lastMs = -Infinity;
  return ({ atMs }) => {
    const leakedFor = Math.max(0, atMs - lastMs) / 1000;
    level = Math.max(0, level - leakedFor * eventBound.perSecond) + 1;
    lastMs = atMs;
    return level > eventBound.atOnce;
  };
};
