import { createContext, Script } from 'node:vm';
import { Fault } from '../fault.ts';
import { plain } from './console-plain.ts';
import type { Plain } from './console-plain.ts';
import type { Window } from './console-window.ts';

/** What a pattern found: which of the patterns, where (absolute places in the window), and the text itself. */
export type Found = { readonly which: number; readonly from: number; readonly to: number; readonly text: string };

/** How much text is searched at a time, and how far a match may reach back into text that was searched before. */
const sliceLength = 16 * 1024;
export const overlap = 4 * 1024;

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

// Who writes ESC into a pattern wants to see it.
const namesEscape = ({ source }: RegExp) => /\x1b|\\x1b|\\u001b|\\c\[/i.test(source);

/** The match that begins first; of two that begin together, the one of the pattern that is listed first. */
const earlier = (one: Found | undefined, other: Found | undefined): Found | undefined => {
  if (!one || !other) return one ?? other;
  return other.from < one.from || (other.from === one.from && other.which < one.which) ? other : one;
};

const earliest = (patterns: readonly RegExp[], text: string, start: number, isRaw: boolean): Hit | undefined => {
  let best: Hit | undefined;
  for (const [which, pattern] of patterns.entries()) {
    if (namesEscape(pattern) !== isRaw) continue;
    pattern.lastIndex = start;
    const match = pattern.exec(text);
    if (match && (best === undefined || match.index < best.from))
      best = { which, from: match.index, to: match.index + match[0].length };
  }
  return best;
};

const searchSlice = (patterns: readonly RegExp[], window: Window, from: number, to: number): Found | undefined => {
  // `^` looks at the character before, so it is handed along.
  const before = from > window.start() ? 1 : 0;
  const came = window.slice(from - before, to);
  const look = ({ text, placeOf }: Plain, isRaw: boolean): Found | undefined => {
    const hit = earliest(patterns, text, before, isRaw);
    return (
      hit && {
        which: hit.which,
        from: from - before + placeOf(hit.from),
        to: from - before + placeOf(hit.to),
        text: text.slice(hit.from, hit.to),
      }
    );
  };
  const shown = look(plain(came), false);
  return patterns.some(namesEscape) ? earlier(shown, look({ text: came, placeOf: (index) => index }, true)) : shown;
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
 * sequences, those that name ESC themselves (`\x1b`) see it as it came. A match reaches back at most 4 Ki characters into
 * what had come before the last characters did. `$` matches at the end of what has come so far,
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
