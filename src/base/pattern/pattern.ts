/**
 * Patterns that clients write. They run on RE2, whose time grows with the text alone: V8's own engine backtracks, and takes
 * longer than the universe on the wrong text. imaged's own patterns, which are constants, need none of this.
 */

import { MatcherInput, RE2JS, RE2JSException } from 're2js';
import { translatePattern, type Anchors, type Refused, type Translated } from './syntax.ts';

export type Span = { readonly from: number; readonly to: number };

export type Pattern = {
  /** As it was written. */
  readonly text: string;
  /** What it comes to: the time for a character is at most in proportion. */
  readonly steps: number;
  /** The first match that begins at `start` or behind it. */
  readonly find: (text: string, start: number) => Span | undefined;
  /** Whether it matches the whole of the text. */
  readonly matches: (text: string) => boolean;
};

// Of RE2's cache of states for one pattern. Where it does not do, RE2 goes on without.
const cacheBytes = 96 * 1024;
const unanchored = 0;

const compiled = (translated: Translated, anchors: Anchors): RE2JS | Refused => {
  try {
    const flags = anchors === 'lines' ? RE2JS.MULTILINE | RE2JS.DOTALL : RE2JS.DOTALL;
    return RE2JS.compile(translated.source, flags);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return { why: `is not a regular expression of RE2: ${error.message.replace(/^error parsing regexp: /, '')}` };
  }
};

const make = (text: string, anchors: Anchors): Pattern | Refused => {
  const translated = translatePattern(text, anchors);
  if ('why' in translated) return translated;
  const regexp = compiled(translated, anchors);
  if ('why' in regexp) return regexp;
  const { steps, before, behind } = translated;
  const re2 = regexp.re2();
  let isBounded = false;
  const bound = () => {
    if (isBounded) return;
    isBounded = true;
    const { dfa } = re2;
    dfa.stateBudget = cacheBytes;
    dfa.memBudget = cacheBytes;
  };
  return {
    text,
    steps,
    matches: (whole) => {
      bound();
      return regexp.testExact(whole);
    },
    find: (came, start) => {
      bound();
      // What stands before `start` is looked at by `^` alone, to which a CR ends a line as LF does.
      const isBehindCr = anchors === 'lines' && start > 0 && came[start - 1] === '\r';
      const whole = isBehindCr ? `${came.slice(0, start - 1)}\n${came.slice(start)}` : came;
      // Whether there is a match is told by an automaton, ten times as fast as where it is.
      const isThere: unknown = re2.matchMachineInput(MatcherInput.utf16(whole), start, whole.length, unanchored, 0)[0];
      if (isThere !== true) return undefined;
      const matcher = regexp.matcher(whole);
      if (!matcher.find(start)) return undefined;
      const [from, to] = [matcher.start(), matcher.end()];
      // The CR that ends a line is no part of what was found at `^` or `$`.
      const isTaken = (name: string) => matcher.start(name) >= 0;
      const hasBefore = before.some((name) => isTaken(name) && matcher.start(name) === from);
      const hasBehind = behind.some((name) => isTaken(name) && matcher.end(name) === to);
      return { from: hasBefore ? from + 1 : from, to: hasBehind ? to - 1 : to };
    },
  };
};

// Compiling costs more than most searches, and a conversation listens for the same things again and again.
const mostKept = 128;

const keeper = (anchors: Anchors) => {
  const kept = new Map<string, Pattern | Refused>();
  return (text: string): Pattern | Refused => {
    const known = kept.get(text);
    const pattern = known ?? make(text, anchors);
    kept.delete(text);
    kept.set(text, pattern);
    const [oldest] = kept.keys();
    if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
    return pattern;
  };
};

/** A pattern for the console: `^` and `$` mean lines, `.` means any character. */
export const linePattern: (text: string) => Pattern | Refused = keeper('lines');

/** A pattern for a value: `^` and `$` mean its ends, `.` means any character. */
export const wholePattern: (text: string) => Pattern | Refused = keeper('whole');
