import { createContext, Script } from 'node:vm';
import { Fault } from '../fault.ts';
import { plain } from './console-plain.ts';
import type { Window } from './console-window.ts';

/** What a pattern found: which of the patterns, where (absolute places in the window), and the text itself. */
export type Found = { readonly which: number; readonly from: number; readonly to: number; readonly text: string };

/** How much text is searched at a time, and how far a match may reach back into text that was searched before. */
const sliceLength = 16 * 1024;
export const overlap = 8 * 1024;

/** A template's pattern as it is searched for: `^` and `$` mean lines, `.` means any character. Throws `template_invalid`. */
export const compile = (pattern: string): RegExp => {
  try {
    return new RegExp(pattern, 'gms');
  } catch (cause) {
    throw new Fault(
      'template_invalid',
      `"${pattern}" is not a regular expression. Correct it.`,
      { expected: pattern },
      { cause },
    );
  }
};

type Hit = { readonly which: number; readonly from: number; readonly to: number };

/** The match that begins first; of two that begin together, the one of the pattern that is listed first. */
const earliest = (patterns: readonly RegExp[], text: string, start: number): Hit | undefined => {
  let best: Hit | undefined;
  for (const [which, pattern] of patterns.entries()) {
    pattern.lastIndex = start;
    const match = pattern.exec(text);
    if (match && (best === undefined || match.index < best.from))
      best = { which, from: match.index, to: match.index + match[0].length };
  }
  return best;
};

const searchSlice = (patterns: readonly RegExp[], window: Window, from: number, to: number): Found | undefined => {
  const came = window.slice(from, to);
  // `^` looks at the character before, so it is handed along.
  const before = from > window.start() ? window.slice(from - 1, from) : '';
  const bare = plain(came);
  const hit = earliest(patterns, before + bare.text, before.length);
  if (hit) {
    const [first, last] = [hit.from - before.length, hit.to - before.length];
    return {
      which: hit.which,
      from: from + bare.placeOf(first),
      to: from + bare.placeOf(last),
      text: bare.text.slice(first, last),
    };
  }
  if (bare.text.length === came.length) return undefined;
  const raw = earliest(patterns, before + came, before.length);
  if (!raw) return undefined;
  const [first, last] = [raw.from - before.length, raw.to - before.length];
  return { which: raw.which, from: from + first, to: from + last, text: came.slice(first, last) };
};

// A slice ends after a line where it can, so that `$` does not match where a line merely was cut.
const sliceEnd = (window: Window, from: number): number => {
  if (window.end() - from <= sliceLength) return window.end();
  const newline = window.slice(from, from + sliceLength).lastIndexOf('\n');
  return newline > overlap ? from + newline + 1 : from + sliceLength;
};

const context = createContext({ job: undefined });
const script = new Script('job()');

// Patterns come from templates, and some take longer than the universe on the wrong text. Only node:vm can stop one.
const bounded = (job: () => Found | undefined, timeoutMs: number): Found | undefined => {
  let found: Found | undefined;
  context['job'] = () => {
    found = job();
  };
  script.runInContext(context, { timeout: timeoutMs });
  return found;
};

// The error is made in the other context, so it is no instance of this one's Error.
const isTimeout = (error: unknown) =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';

/**
 * The first match of any of the patterns in what the window holds from `from` on. Patterns see the text without escape
 * sequences; where that finds nothing, they see the text as it came. `$` matches at the end of what has come so far,
 * which is how a prompt is known. Throws `template_invalid` when a pattern takes longer than a second.
 */
export const search = (patterns: readonly RegExp[], window: Window, from: number): Found | undefined => {
  if (patterns.length === 0) return undefined;
  const job = () => {
    for (let at = Math.max(from, window.start()); ;) {
      const to = sliceEnd(window, at);
      const found = searchSlice(patterns, window, at, to);
      if (found || to >= window.end()) return found;
      at = to - overlap;
    }
  };
  try {
    return bounded(job, 250);
  } catch (error) {
    if (!isTimeout(error)) throw error;
  }
  try {
    // Once more with more time: a busy host may have been asleep meanwhile.
    return bounded(job, 1000);
  } catch (cause) {
    if (!isTimeout(cause)) throw cause;
    const all = patterns.map(({ source }) => source).join('", "');
    throw new Fault(
      'template_invalid',
      `Searching the console for "${all}" took longer than a second. Write the pattern without nested repetition.`,
      { expected: all },
      { cause },
    );
  }
};
