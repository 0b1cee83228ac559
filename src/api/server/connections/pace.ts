/** How slowly a client may send a body. */
export type BodyPace = {
  /** Until then nothing is asked of it. */
  readonly graceMs: number;
  /** From then on, the average of the whole body so far. */
  readonly leastBytesPerSecond: number;
  /** Without one byte. */
  readonly silentMs: number;
  /** The longest that a body may take: this long, and a second for so many bytes of it. */
  readonly wholeMs: number;
  readonly wholeBytesPerSecond: number;
};

/** How slowly a client may take an answer: what waits for it may wait this long, and a second for so many bytes of it. */
export type ReaderPace = { readonly graceMs: number; readonly leastBytesPerSecond: number };

/** The longest that a body of so many bytes may take. */
export const longestBodyMs = (bytes: number, { wholeMs, wholeBytesPerSecond }: BodyPace): number =>
  wholeMs + (bytes / wholeBytesPerSecond) * 1000;

/** Why a body that is still coming is too slow; undefined: it is not. */
export const whySlowBody = (
  seen: {
    /** Since it began, without the times at which imaged itself did not read. */
    readonly ms: number;
    /** Since its last byte. */
    readonly silentMs: number;
    readonly bytes: number;
    /** Its length, or the most that it may have. */
    readonly whole: number;
  },
  pace: BodyPace,
): string | undefined => {
  const seconds = Math.round(seen.ms / 1000);
  if (seen.silentMs > pace.silentMs) return `Nothing came of the body for ${pace.silentMs / 1000} s`;
  if (seen.ms > pace.graceMs && seen.bytes < ((seen.ms - pace.graceMs) / 1000) * pace.leastBytesPerSecond)
    return `The body came with less than ${pace.leastBytesPerSecond} bytes a second: ${seen.bytes} in ${seconds} s`;
  const longestMs = longestBodyMs(seen.whole, pace);
  return seen.ms > longestMs ? `The body had not come whole after ${Math.round(longestMs / 1000)} s` : undefined;
};

/** Whether a client has not taken `waiting` bytes of its answer for too long. */
export const isSlowReader = (waiting: number, ms: number, { graceMs, leastBytesPerSecond }: ReaderPace): boolean =>
  ms > graceMs + (waiting / leastBytesPerSecond) * 1000;
