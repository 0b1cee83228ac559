/** Rings for one listener. A ring that comes while it does not wait is kept until it does, so none is missed. */
export type Notifier = {
  readonly ring: () => void;
  /** Resolves at the next ring: true. Resolves false when the signal aborts. */
  readonly heard: (signal: AbortSignal) => Promise<boolean>;
};

export const makeNotifier = (): Notifier => {
  let rung = false;
  let wake: () => void = () => undefined;
  return {
    ring: () => {
      rung = true;
      wake();
    },
    heard: async (signal) => {
      if (!rung && !signal.aborted)
        await new Promise<void>((resolve) => {
          wake = () => {
            signal.removeEventListener('abort', wake);
            wake = () => undefined;
            resolve();
          };
          signal.addEventListener('abort', wake, { once: true });
        });
      rung = false;
      return !signal.aborted;
    },
  };
};
