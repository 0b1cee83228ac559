// The newest page of the list is some kilobytes, and read in a millisecond.
const lookEveryMs = 1000;

/** Rings whenever builds may have changed, while somebody looks, until the signal aborts. */
export const onBuildChanges = (ring: () => void, signal: AbortSignal): void => {
  const look = () => {
    if (!document.hidden) ring();
  };
  const timer = setInterval(look, lookEveryMs);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
};
