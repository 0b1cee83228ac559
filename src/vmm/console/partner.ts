import type { Clock } from '../../base/clock.ts';
import type { Fault } from '../../base/fault.ts';
import type { WatchedDisplay } from './display.ts';
import type { Screen } from './screen.ts';
import type { ConsoleEvent } from './types.ts';
import type { Typing } from './type.ts';
import type { Window } from './window.ts';
import type { TurnPlace } from './place.ts';

/**
 * What a fault says of the console: its last lines and, where the machine has a display, what that shows, or else, where the
 * console is read as a screen that shows something else, that.
 */
export type SeenText = { readonly consoleTail: string; readonly screen?: string };

/** What a conversation needs of the console that holds it. */
export type Partner = {
  readonly window: Window;
  /** Writes text to the line. Throws `console_closed`. */
  readonly write: (text: string) => Promise<void>;
  /** Keeps all others from typing meanwhile. */
  readonly alone: (work: () => Promise<void>) => Promise<void>;
  readonly clock: Clock;
  readonly typing: Typing;
  readonly onEvent: (event: ConsoleEvent) => void;
  /** Where the console is read as a screen, too. */
  readonly screen: Screen | undefined;
  /** The machine's own display, where it has one. */
  readonly display: WatchedDisplay | undefined;
  /** What is seen of it now, without secrets. */
  readonly seen: () => SeenText;
  /** The text without secrets. */
  readonly mask: (text: string) => string;
  /** Remembers what must never be shown, and what was typed by us: it is no panic of the guest's. */
  readonly willType: (text: string, secret: boolean) => void;
  /** Nothing that comes is written down, until what this gives is called. */
  readonly conceal: () => () => void;
  /** Nothing that came between the places is shown. */
  readonly hide: (from: number, to: number) => void;
  /** What came between the places (default: to the end), for people, without secrets. */
  readonly show: (from: number, to?: number) => string;
  /** Why the line ended: an error of the transcript, or `console_closed`. */
  readonly ending: () => Fault;
  /** Writes down where the conversation is; undefined: it has ended. Resolves when that is safe from the end of this daemon. */
  readonly keep: (turn: TurnPlace | undefined) => Promise<void>;
  /** Where the last match or echo ended. What a match consumed is gone. */
  readonly place: { now: number };
  /** What is awaited, or was last, for a fault that ends the conversation from outside; since when (elapsed ms), while it is. */
  readonly awaiting: { now: string | undefined; since: number | undefined };
};
