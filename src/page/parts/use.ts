import { useEffect, useState } from 'preact/hooks';

/** The time, renewed as often as this while `isRunning`. */
export const useNow = (everyMs: number, isRunning = true): number => {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, isRunning]);
  return now;
};

/** Works while the view is there: the signal aborts when it goes, or when one of `about` changes. */
export const useWork = (work: (signal: AbortSignal) => Promise<void>, about: readonly unknown[]): Error | undefined => {
  const [error, setError] = useState<Error>();
  useEffect(() => {
    const gone = new AbortController();
    setError(undefined);
    work(gone.signal).catch((caught: unknown) => {
      if (!gone.signal.aborted) setError(caught instanceof Error ? caught : new Error(String(caught)));
    });
    return () => gone.abort();
  }, about);
  return error;
};

/** Calls `act` once, soon after the last of many rings; gives the bell. */
export const settled = (act: () => void, ms: number, signal: AbortSignal): (() => void) => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  return () => {
    if (timer !== undefined || signal.aborted) return;
    timer = setTimeout(() => {
      timer = undefined;
      act();
    }, ms);
  };
};
