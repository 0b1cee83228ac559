const usualMs = 4_000;

// Beyond that a guest hangs, however busy its host may be.
const mostTimes = 8;

/** How long a guest of one sector may take: as many times the usual as there are programs that want each processor. */
export const patienceMs = (load: number, processors: number): number =>
  1000 * Math.round((usualMs / 1000) * Math.min(mostTimes, Math.max(1, load / processors)));
