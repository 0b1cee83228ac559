import type { Clock } from '../../base/clock.ts';
import { makePause } from '../../base/turns.ts';
import { search } from './search.ts';
import type { FoundText, SearchPatterns } from './search.ts';
import type { Window } from './window.ts';

// Searching again for every byte of a slow line costs more than it gives: what comes within this time is searched together.
const togetherMs = 2;
const enough = 4 * 1024;
// A search that took long is followed by a pause, so that no pattern and no guest takes the whole of the daemon's time.
const longestPauseMs = 250;

/**
 * Waits until one of the patterns is found in what came, or comes, from `from` on; the first match counts. Meanwhile
 * nothing of it is dropped, and nothing behind a match until the window is let go. `closed` when the line ended without it.
 * Rejects with the signal's reason.
 */
export const listen = async (
  window: Window,
  patterns: SearchPatterns,
  from: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<FoundText | 'closed'> => {
  let searched = Math.max(from, window.start());
  window.holdFrom(searched);
  const pause = makePause();
  for (;;) {
    const seen = window.end();
    const wasClosed = window.isClosed();
    const begunAt = clock.elapsed();
    const found = await search(patterns, window, searched, seen, async () => {
      await pause();
      signal.throwIfAborted();
    });
    searched = found?.to ?? Math.max(searched, seen - patterns.overlap);
    window.holdFrom(searched);
    if (found) return found;
    if (wasClosed) return 'closed';
    const searchedAt = clock.elapsed();
    await window.more(seen, signal);
    const tookMs = searchedAt - begunAt;
    if (tookMs > togetherMs) await clock.sleep(Math.min(2 * tookMs, longestPauseMs), signal);
    else if (window.end() - seen < enough && clock.elapsed() - searchedAt < togetherMs)
      await clock.sleep(togetherMs, signal);
  }
};
