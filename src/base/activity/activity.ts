/** What a build is doing just now, in words: for the fault that a deadline makes of it. */
export type Activity = {
  /** Runs the work. Until it ends, `tell` says what it is doing and what it saw last, as a clause without a full stop. */
  readonly during: <T>(tell: () => string, work: () => Promise<T>) => Promise<T>;
  /** What the innermost work says; undefined when none is running. */
  readonly now: () => string | undefined;
};

export const makeActivity = (): Activity => {
  let running: readonly (() => string)[] = [];
  return {
    during: async (tell, work) => {
      running = [...running, tell];
      try {
        return await work();
      } finally {
        running = running.filter((one) => one !== tell);
      }
    },
    now: () => running.at(-1)?.(),
  };
};
