import type { Clock } from '../../base/clock.ts';
import type { SearchPatterns } from './search.ts';
import type { Screen } from './screen.ts';
import type { Window } from './window.ts';

/** What is looked at: see `Screen`. */
export type LookedScreen = Pick<Screen, 'text' | 'isSettled' | 'changes' | 'changed'>;

/** What a pattern found on the screen: which of the patterns, the text itself, and the rows that it stands in. */
export type Spotted = { readonly which: number; readonly text: string; readonly rows: string };

// A screen is drawn in pieces, and is looked at when some of them have come.
const togetherMs = 20;

const rowsAround = (text: string, from: number, to: number): string => {
  const end = text.indexOf('\n', to);
  return text.slice(text.lastIndexOf('\n', from - 1) + 1, end < 0 ? text.length : end);
};

const spot = (text: string, { all }: SearchPatterns): Spotted | undefined => {
  let best: { readonly which: number; readonly from: number; readonly to: number } | undefined;
  for (const [which, pattern] of all.entries()) {
    const span = pattern.find(text, 0);
    if (span && (best === undefined || span.from < best.from)) best = { which, ...span };
  }
  return (
    best && { which: best.which, text: text.slice(best.from, best.to), rows: rowsAround(text, best.from, best.to) }
  );
};

/**
 * Waits until one of the patterns is found on the screen, as it stands or as it changes; of several, the one that stands
 * first. `closed` when the line ended without it. Rejects with the signal's reason.
 */
export const look = async (
  screen: LookedScreen,
  window: Pick<Window, 'isClosed' | 'end' | 'more'>,
  patterns: SearchPatterns,
  clock: Clock,
  signal: AbortSignal,
): Promise<Spotted | 'closed'> => {
  for (;;) {
    const seen = screen.changes();
    const isOver = window.isClosed() && screen.isSettled();
    const end = window.end();
    const found = spot(screen.text(), patterns);
    if (found) return found;
    if (isOver) return 'closed';
    await Promise.race([screen.changed(seen, signal), window.more(end, signal)]);
    await clock.sleep(togetherMs, signal);
  }
};
