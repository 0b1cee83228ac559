/**
 * Tells the guest's resets apart from the firmware's. After a reset of the guest SeaBIOS finds itself running again in
 * memory that it has changed, and resets once or twice more by itself (its `handle_resume`), each a RESET event like
 * the guest's own: seen 1 to 60 ms later. No system comes up and reboots within `sameMs`, so that is one reboot.
 */
export const sameMs = 1000;

/** Returns what is to be called with the time of each RESET event, in ms; it calls `seen` for the guest's own. */
export const tellReboots = (seen: () => void): ((atMs: number) => void) => {
  let lastMs = -Infinity;
  return (atMs) => {
    if (atMs - lastMs < sameMs) return;
    lastMs = atMs;
    seen();
  };
};
