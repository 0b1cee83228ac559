import type { Clock } from '../clock.ts';
import { overlap, search } from './console-search.ts';
import type { Found } from './console-search.ts';
import type { Window } from './console-window.ts';

// Searching again for every byte of a slow line costs more than it gives: what comes within this time is searched together.
const togetherMs = 2;
const enough = 4 * 1024;

/**
 * Waits until one of the patterns is found in what came, or comes, from `from` on; the first match counts. Meanwhile
 * nothing of it is dropped. `closed` when the line ended without it. Rejects with the signal's reason.
 */
export const listen = async (
  window: Window,
  patterns: readonly RegExp[],
  from: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<Found | 'closed'> => {
  let searched = Math.max(from, window.start());
  using hold = window.hold(searched);
  for (;;) {
    const seen = window.end();
    const wasClosed = window.isClosed();
    const found = search(patterns, window, Math.max(from, searched - overlap));
    if (found) return found;
    searched = seen;
    hold.move(seen);
    if (wasClosed) return 'closed';
    const searchedAt = clock.elapsed();
    await window.more(seen, signal);
    if (window.end() - seen < enough && clock.elapsed() - searchedAt < togetherMs)
      await clock.sleep(togetherMs, signal);
  }
};
