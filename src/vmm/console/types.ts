import type { KeyMotion } from '../../base/machine/us-keyboard.ts';
import type { Follower } from './follow.ts';

/** A key press: bytes for the line, or keys of the keyboard, which are `shown` so to people; or a pause. */
export type Stroke =
  | { readonly type: string }
  | { readonly keys: readonly KeyMotion[]; readonly shown: string }
  | { readonly waitMs: number }
  | { readonly expect: string; readonly withinMs: number };

/** One line of a conversation, everything in it ready to be used. A line with both is heard first, then said. */
export type Turn = {
  /** A regular expression (see pattern.ts) to wait for in what comes after the line before. */
  readonly hear?: string;
  /**
   * Where patterns are looked for: on the screen that a terminal would show, or on the machine's own display; undefined:
   * in what comes.
   */
  readonly on?: 'screen' | 'display';
  /** Milliseconds to wait for `hear`. */
  readonly withinMs: number;
  /** Not hearing it in time, or hearing a later line first, is no failure: the line is skipped. */
  readonly optional: boolean;
  /** Typed and ended with CR; the echo is awaited and what was lost is typed again. */
  readonly say?: string;
  /** False where the guest does not echo (a password). */
  readonly echo: boolean;
  /** Never shown in logs and events. */
  readonly secret: boolean;
  /** Strokes in place of `say`: no CR is added and no echo is awaited. */
  readonly press?: readonly Stroke[];
  /** Milliseconds between strokes; 0 sends them as fast as the guest takes them. */
  readonly keyIntervalMs: number;
  /** Patterns that end the build when they are heard while this line waits. */
  readonly refuse: readonly string[];
};

/** What a console tells the writer of the build's events. */
export type ConsoleEvent =
  | { readonly type: 'console.heard'; readonly pattern: string; readonly text: string; readonly afterMs: number }
  | { readonly type: 'console.skipped'; readonly pattern: string }
  | { readonly type: 'console.refused'; readonly pattern: string; readonly text: string }
  | { readonly type: 'console.said'; readonly text: string; readonly typedTimes: number };

/** The conversation with one machine over its serial line. Disposing it closes the transcript; the line is the machine's. */
export type Console = AsyncDisposable & {
  /**
   * Holds the conversation to its end. Throws `console_silent`, `console_refused`, `console_deaf`, and `console_closed`, with the
   * fact `onlyWaitsLeft` where nothing but pauses was left of it.
   */
  readonly converse: (turns: readonly Turn[], signal: AbortSignal) => Promise<void>;
  /** Types bytes as they are: for a person on a held build. */
  readonly type: (bytes: Uint8Array, signal: AbortSignal) => Promise<void>;
  /** Rejects with `guest_panicked` when the guest's kernel says that it is over, whatever is being waited for. Never resolves. */
  readonly panicked: Promise<never>;
  /** Resolves when the line has closed and the transcript holds all that came. */
  readonly drained: Promise<void>;
  /** Rejects when the transcript cannot be written, or the guest floods it: the line is read no more. Never resolves. */
  readonly failed: Promise<never>;
  /** What a conversation waits for just now, in its own words; undefined when there is none. */
  readonly awaiting: () => string | undefined;
  /** The pattern for which a conversation waits at this moment, and for how many milliseconds so far. */
  readonly waiting: () => { readonly pattern: string; readonly ms: number } | undefined;
  /** Reads along until it is disposed of. */
  readonly follow: (follower: Follower) => Disposable;
  /** Nothing that comes is written into the transcript, until what this gives is called. */
  readonly conceal: () => () => void;
  /** How many characters came so far. */
  readonly came: () => number;
  /** What the machine's display shows, without secrets; undefined where it has none. */
  readonly display: () => string | undefined;
  /** The last lines heard, without control characters: for people, at most 4 KiB. */
  readonly tail: () => string;
};
