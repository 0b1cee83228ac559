/** How patiently a guest is waited for while one line is typed: as it answers, for it may run on a busy host. */
export type Pace = {
  /** So long it took until more of a right echo came; and for so much of the echo (milliseconds for each character). */
  readonly note: (ms: number, eachMs: number) => void;
  /** How long a right but incomplete echo may stand still. */
  readonly stillMs: () => number;
  /** How long a wrong one may, and a line that is quiet, when so many characters were just typed. */
  readonly quietMs: (characters?: number) => number;
};

type Times = { readonly firstMs: number; readonly stillMs: number; readonly quietMs: number };

// How many times as long as the longest pause so far the next one may be.
const longer = 3;

/** Begins with the times that are given, and is never more patient than `firstMs`. */
export const makePace = ({ firstMs, stillMs, quietMs }: Times): Pace => {
  let longestMs = 0;
  let characterMs = 0;
  const atLeast = (ms: number, characters: number) =>
    Math.max(ms, Math.min(firstMs, longestMs * longer + characterMs * characters));
  return {
    note: (ms, eachMs) => {
      longestMs = Math.max(longestMs, ms);
      characterMs = eachMs;
    },
    stillMs: () => atLeast(stillMs, 0),
    quietMs: (characters = 0) => atLeast(quietMs, characters),
  };
};
