import { Fault } from '../../base/fault.ts';
import { linePattern, type Pattern } from '../../base/pattern/pattern.ts';
import type { TurnPause } from '../../base/turns.ts';
import { plain } from '../../base/machine/plain.ts';
import type { Plain } from '../../base/machine/plain.ts';
import type { Window } from './window.ts';

/** What a pattern found: which of the patterns, where (absolute places in the window), and the text itself. */
export type FoundText = { readonly which: number; readonly from: number; readonly to: number; readonly text: string };

/** Patterns that are searched for together. */
export type SearchPatterns = {
  readonly all: readonly Pattern[];
  /** How far a match may reach back into text that was searched before. */
  readonly overlap: number;
  /** How much text is looked at in one go, the overlap included. */
  readonly sliceLength: number;
};

// A look costs at most about a step of the largest pattern for each character: some 10 ms for this many.
const mostWork = 400_000;
const sliceLengths = { least: 1536, most: 20 * 1024 };
const mostOverlap = 4 * 1024;

/** A template's pattern as it is searched for. Throws `template_invalid`. */
const compile = (text: string): Pattern => {
  const pattern = linePattern(text);
  if ('why' in pattern)
    throw new Fault('template_invalid', `The pattern "${text}" ${pattern.why}. Correct it.`, { expected: text });
  return pattern;
};

/** Patterns of a template, ready to be searched for. Throws `template_invalid`. */
export const patternsOf = (texts: readonly string[]): SearchPatterns => {
  const all = texts.map(compile);
  const steps = Math.max(1, ...all.map((pattern) => pattern.steps));
  const sliceLength = Math.max(sliceLengths.least, Math.min(sliceLengths.most, Math.floor(mostWork / steps)));
  return { all, sliceLength, overlap: Math.min(mostOverlap, Math.floor((sliceLength * 2) / 3)) };
};

type Hit = { readonly which: number; readonly from: number; readonly to: number };

// Who writes ESC into a pattern wants to see it.
const namesEscape = ({ text }: Pattern) => /\x1b|\\x1b|\\u001b|\\c\[|\\x\{0*1b\}/i.test(text);

/** The match that begins first; of two that begin together, the one of the pattern that is listed first. */
const earlier = (one: FoundText | undefined, other: FoundText | undefined): FoundText | undefined => {
  if (!one || !other) return one ?? other;
  return other.from < one.from || (other.from === one.from && other.which < one.which) ? other : one;
};

const earliest = async (
  { all }: SearchPatterns,
  text: string,
  start: number,
  isRaw: boolean,
  pause: TurnPause,
): Promise<Hit | undefined> => {
  let best: Hit | undefined;
  for (const [which, pattern] of all.entries()) {
    if (namesEscape(pattern) !== isRaw) continue;
    const span = pattern.find(text, start);
    if (span && (best === undefined || span.from < best.from)) best = { which, ...span };
    await pause();
  }
  return best;
};

const searchSlice = async (
  patterns: SearchPatterns,
  window: Window,
  from: number,
  to: number,
  pause: TurnPause,
): Promise<FoundText | undefined> => {
  // `^` looks at the character before, so it is handed along.
  const before = from > 0 ? 1 : 0;
  const came = window.slice(from - before, to);
  const look = async ({ text, placeOf }: Plain, isRaw: boolean): Promise<FoundText | undefined> => {
    const hit = await earliest(patterns, text, before, isRaw, pause);
    return (
      hit && {
        which: hit.which,
        from: from - before + placeOf(hit.from),
        to: from - before + placeOf(hit.to),
        text: text.slice(hit.from, hit.to),
      }
    );
  };
  const shown = await look(plain(came), false);
  if (!patterns.all.some(namesEscape)) return shown;
  return earlier(shown, await look({ text: came, placeOf: (index) => index }, true));
};

// A slice ends after a line where it can, so that `$` does not match where a line merely was cut.
const sliceEnd = ({ sliceLength, overlap }: SearchPatterns, window: Window, from: number, end: number): number => {
  if (end - from <= sliceLength) return end;
  const newline = window.slice(from, from + sliceLength).lastIndexOf('\n');
  return newline > overlap ? from + newline + 1 : from + sliceLength;
};

/**
 * The first match of any of the patterns in what the window holds from `from` to `end`. Patterns see the text without
 * escape sequences, those that name ESC themselves (`\x1b`) see it as it came. A match reaches back at most `overlap`
 * characters into what had come before the last characters did. `$` matches at the end of what has come so far, which is
 * how a prompt is known. Nothing from `from` on may be dropped meanwhile.
 */
export const search = async (
  patterns: SearchPatterns,
  window: Window,
  from: number,
  end: number,
  pause: TurnPause,
): Promise<FoundText | undefined> => {
  if (patterns.all.length === 0) return undefined;
  for (let at = Math.max(from, window.start()); ;) {
    const to = sliceEnd(patterns, window, at, end);
    const found = await searchSlice(patterns, window, at, to, pause);
    if (found || to >= end) return found;
    // What came before `from` may be dropped while others have their turn.
    at = Math.max(to - patterns.overlap, window.start());
  }
};
