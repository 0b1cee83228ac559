import type { Clock } from '../../base/clock.ts';
import type { Window } from './window.ts';
import { currentLine } from './echo/current-line.ts';
import { echoable, endsWhole, judgeEcho } from './echo/judge.ts';
import { redrawInFront } from './echo/redraw.ts';
import { makePace, type Pace } from './pace.ts';

/** How patiently lines are typed. All times in milliseconds. */
export type Typing = {
  /** How a line is typed at the first attempt, the second and so on; when the last has failed, the guest is deaf. */
  readonly attempts: readonly {
    /** Characters that are typed before their echo is awaited. */
    readonly together: number;
    /** Pause after each such piece. */
    readonly pauseMs: number;
  }[];
  /** How long the guest may take to show anything. */
  readonly firstMs: number;
  /** How long a right but incomplete echo may stand still; longer where the guest has shown that it is slow. */
  readonly stillMs: number;
  /** How long a wrong echo may stand still, and a line is quiet when it says nothing; likewise. */
  readonly quietMs: number;
};

export const patientTyping: Typing = {
  attempts: [
    { together: Infinity, pauseMs: 0 },
    { together: 16, pauseMs: 0 },
    { together: 4, pauseMs: 10 },
    { together: 1, pauseMs: 20 },
    { together: 1, pauseMs: 100 },
  ],
  firstMs: 5000,
  stillMs: 1000,
  quietMs: 200,
};

/** What typing needs of the console. `write` throws when the line is closed. */
export type Keyboard = {
  readonly window: Window;
  readonly write: (text: string) => Promise<void>;
  readonly clock: Clock;
  readonly typing: Typing;
};

/** The keyboard while one line is typed. */
type Hand = Keyboard & { readonly pace: Pace };

export type TypedLine = {
  readonly typedTimes: number;
  /** The place in the window where the last echo ends. */
  readonly echoEnd: number;
};

/** An echo that other output stands in front of is believed by itself from this length on, and with a quiet line from that on. */
const telling = 8;
const credible = 4;

/** How much of what came is compared with what was typed: an echo, with the line drawn again on the way, and some kernel messages. */
const farBack = (expected: string) => 4 * 1024 + 8 * expected.length;

// What follows an echo at once comes within this time.
const atOnceMs = 30;

const timeUp = Symbol('time is up');

/** True when more came within the time, false when not or when the line closed. */
const moreWithin = async ({ window, clock }: Keyboard, after: number, ms: number, signal: AbortSignal) => {
  using deadline = clock.deadline(ms, signal, () => timeUp);
  try {
    await window.more(after, deadline.signal);
    return window.end() > after;
  } catch (error) {
    if (error === timeUp) return false;
    throw error;
  }
};

// A line that never rests is not waited for longer than it takes to say that it never rests.
const untilQuiet = async (keyboard: Keyboard, ms: number, signal: AbortSignal) => {
  const since = keyboard.clock.elapsed();
  const mostMs = Math.max(keyboard.typing.firstMs, ms);
  while (await moreWithin(keyboard, keyboard.window.end(), ms, signal))
    if (keyboard.clock.elapsed() - since > mostMs) return;
};

/** Waits until all of `expected` has come back since `from`. False when it does not look as if it would. */
const echoed = async (hand: Hand, from: number, expected: string, isFirst: boolean, signal: AbortSignal) => {
  const { window, typing, clock, pace } = hand;
  const since = clock.elapsed();
  let waitedMs = 0;
  // A guest that prints without end and echoes nothing is deaf, too.
  while (clock.elapsed() - since < typing.firstMs * 4) {
    const end = window.end();
    const came = window.slice(Math.max(from, end - farBack(expected)), end);
    const echo = judgeEcho(came, expected, isFirst);
    if (echo !== 'astray' && end > from) pace.note(waitedMs, (clock.elapsed() - since) / (end - from));
    if (echo === 'exact') return true;
    if (echo === 'mixed') {
      if (endsWhole(came, expected) && expected.length >= telling) return true;
      await untilQuiet(hand, pace.quietMs(), signal);
      if (window.end() === end) return expected.length >= credible || !isFirst;
      continue;
    }
    const patienceMs = end === from ? typing.firstMs : echo === 'partial' ? pace.stillMs() : pace.quietMs();
    const before = clock.elapsed();
    if (!(await moreWithin(hand, end, patienceMs, signal))) return false;
    waitedMs = clock.elapsed() - before;
  }
  return false;
};

// ^U clears the line of a tty, a shell and most boot loaders; DEL takes back one character, also where ^U means nothing
// (and takes back the ^U there). It is done when doing it again changes nothing that can be seen.
const clearLine = async (hand: Hand, typed: number, signal: AbortSignal): Promise<boolean> => {
  const { window, pace, write } = hand;
  const from = window.end();
  let shown: string | undefined;
  for (let times = 0; times < 5; times++) {
    const before = window.end();
    await write(`\x15${'\x7f'.repeat(typed + 1)}`);
    await untilQuiet(hand, pace.quietMs(typed + 2), signal);
    const came = window.slice(before);
    // A tty that cannot erase on the screen shows ^U and begins a new line.
    if (/\^U[\r\n]+$/.test(came)) return true;
    const shows = currentLine(window.slice(from - 1024));
    if (shows === shown) return true;
    shown = shows;
  }
  return false;
};

const typeOnce = async (hand: Hand, text: string, attempt: number, signal: AbortSignal): Promise<boolean> => {
  const { window, typing, write, clock, pace } = hand;
  const { together, pauseMs } = typing.attempts[attempt] ?? { together: 1, pauseMs: 0 };
  const from = window.end();
  const characters = [...text];
  for (let at = 0; at < characters.length; at += together) {
    await write(characters.slice(at, at + together).join(''));
    const expected = echoable(characters.slice(0, at + together).join(''));
    if (expected !== '' && !(await echoed(hand, from, expected, attempt === 0, signal))) return false;
    if (pauseMs > 0) await clock.sleep(pauseMs, signal);
  }
  if (attempt === 0) return true;
  // What was typed before may be echoed late. When the line is quiet, what it shows is what the guest has.
  await untilQuiet(hand, pace.quietMs(), signal);
  const expected = echoable(text);
  const came = window.slice(Math.max(from, window.end() - farBack(expected)));
  return ['exact', 'mixed'].includes(judgeEcho(came, expected, false));
};

// A line that just fills the window of its editor is drawn again behind its last character.
const pastRedraw = async (hand: Hand, from: number, text: string, signal: AbortSignal): Promise<number> => {
  const { window, pace } = hand;
  for (;;) {
    const end = window.end();
    const length = redrawInFront(window.slice(from, end), echoable(text));
    if (length !== 'begun') return from + length;
    if (!(await moreWithin(hand, end, pace.quietMs(), signal))) return from;
  }
};

// The echo of CR is the end of the line. Where nothing came, taking back characters shows whether the line is still there.
const ended = async (hand: Hand, from: number, signal: AbortSignal): Promise<boolean> => {
  const { window, pace, write } = hand;
  if (window.isClosed() || (await moreWithin(hand, from, pace.stillMs(), signal)) || window.isClosed()) return true;
  // More than one, as the guest may lose some of them, too.
  await write('\x7f'.repeat(16));
  await untilQuiet(hand, pace.quietMs(), signal);
  const came = window.slice(from);
  // The end of the line may just have been late, and what a program shows behind it says nothing of the line.
  return /^\r*\n/.test(came) || !/\x08|\x1b\[/.test(came);
};

/** Whether CR has arrived. Gives the place where the echo of the line ends, and undefined when CR was lost. */
const entered = async (hand: Hand, text: string, from: number, signal: AbortSignal): Promise<number | undefined> => {
  if (text === '') return from;
  if (!(await ended(hand, from, signal))) return undefined;
  const echoEnd = await pastRedraw(hand, from, text, signal);
  return echoEnd === from || (await ended(hand, echoEnd, signal)) ? echoEnd : undefined;
};

type TypingOfLine = {
  /** For a secret: called before the text is typed; what it gives, when its echo is over. */
  readonly conceal?: () => () => void;
  /** An earlier daemon has typed some of it, or all of it and perhaps CR behind its echo. */
  readonly begun?: 'typed' | { readonly echoEnd: number };
  /** Told where the echo ended, before CR is typed. */
  readonly entering?: (echoEnd: number) => Promise<void>;
};

/**
 * Types a line and CR, and proves by the echo that the guest has it: CR goes out when the text has come back. Where
 * characters were lost or altered, clears the line and types again, slower each time. Undefined when the guest is deaf.
 */
export const typeLine = async (
  keyboard: Keyboard,
  text: string,
  signal: AbortSignal,
  { conceal, begun, entering }: TypingOfLine = {},
): Promise<TypedLine | undefined> => {
  const { window, typing } = keyboard;
  const hand: Hand = { ...keyboard, pace: makePace(typing) };
  if (typeof begun === 'object') {
    const echoEnd = await entered(hand, text, begun.echoEnd, signal);
    if (echoEnd !== undefined) return { typedTimes: 1, echoEnd };
  }
  // A short answer could be mistaken for the end of a prompt that is still coming.
  if (text !== '' && text.length < credible) await untilQuiet(hand, Math.min(atOnceMs, typing.quietMs), signal);
  for (let attempt = begun === undefined ? 0 : 1; attempt < typing.attempts.length; attempt++) {
    const reveal = conceal?.();
    let end: number;
    try {
      if (attempt > 0 && !(await clearLine(hand, text.length, signal))) continue;
      if (!(await typeOnce(hand, text, attempt, signal))) continue;
      end = window.end();
      if (conceal && (await moreWithin(hand, end, Math.min(atOnceMs, typing.quietMs), signal)))
        end = await pastRedraw(hand, end, text, signal);
    } finally {
      reveal?.();
    }
    await entering?.(end);
    await keyboard.write('\r');
    const echoEnd = await entered(hand, text, end, signal);
    if (echoEnd !== undefined) return { typedTimes: attempt + 1, echoEnd };
  }
  return undefined;
};
