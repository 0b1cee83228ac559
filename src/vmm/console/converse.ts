import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import type { ConsoleEvent, Stroke, Turn } from './types.ts';
import { listen } from './listen.ts';
import { patternsOf } from './search.ts';
import { typeLine } from './type.ts';
import type { Typing } from './type.ts';
import type { Window } from './window.ts';

/** What a conversation needs of the console that holds it. */
export type Partner = {
  readonly window: Window;
  /** Writes text to the line. Throws `console_closed`. */
  readonly write: (text: string) => Promise<void>;
  /** Lets nobody else type meanwhile. */
  readonly alone: (work: () => Promise<void>) => Promise<void>;
  readonly clock: Clock;
  readonly typing: Typing;
  readonly onEvent: (event: ConsoleEvent) => void;
  /** The last lines, without secrets. */
  readonly tail: () => string;
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
  /** Where the last match or echo ended. What a match consumed is gone. */
  readonly place: { now: number };
  /** What is awaited, for whoever ends the conversation from outside. */
  readonly awaiting: { now: string | undefined };
};

type Heard =
  | { readonly how: 'heard'; readonly which: number; readonly text: string; readonly afterMs: number }
  | { readonly how: 'silent' };

const shownLength = 200;
const timeUp = Symbol('time is up');

const inSeconds = (ms: number) => `${(ms / 1000).toLocaleString('en', { maximumFractionDigits: 1 })} s`;

const lineAround = ({ window, show }: Partner, place: number): string => {
  const before = window.slice(Math.max(place - 500, window.start()), place);
  const after = window.slice(place, place + 500);
  const start = Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1;
  const length = /^[\r\n]*[^\r\n]*/.exec(after)?.[0].length ?? 0;
  return show(place - before.length + start, place + length);
};

/** Waits for one of `awaited`; throws when one of `refused` comes first, or when the line ends. */
const hear = async (
  partner: Partner,
  awaited: readonly string[],
  refused: readonly string[],
  withinMs: number,
  signal: AbortSignal,
): Promise<Heard> => {
  const { window, clock, place, awaiting, tail, ending } = partner;
  const startedAt = clock.elapsed();
  using deadline = clock.deadline(withinMs, signal, () => timeUp);
  // Of two patterns that match at the same place, the one that refuses counts.
  const patterns = patternsOf([...refused, ...awaited]);
  const expected = awaited.join('" or "');
  awaiting.now = expected || undefined;
  try {
    const found = await listen(window, patterns, place.now, clock, deadline.signal);
    if (found === 'closed') {
      const { code, message, facts } = ending();
      throw new Fault(code, message, { ...facts, ...(expected ? { expected } : {}), consoleTail: tail() });
    }
    const pattern = refused[found.which];
    if (pattern !== undefined) {
      const saw = lineAround(partner, found.from);
      throw new Fault(
        'console_refused',
        `The console showed "${saw}", which the conversation refuses ("${pattern}"). See what the guest did before.`,
        { expected, saw, pattern, consoleTail: tail() },
      );
    }
    place.now = found.to;
    return {
      how: 'heard',
      which: found.which - refused.length,
      text: found.text,
      afterMs: clock.elapsed() - startedAt,
    };
  } catch (error) {
    if (error === timeUp) return { how: 'silent' };
    throw error;
  }
};

const silent = ({ tail }: Partner, expected: string, withinMs: number): Fault => {
  const consoleTail = tail();
  const saw = consoleTail.split('\n').slice(-3).join('\n');
  const instead = saw === '' ? 'nothing had come at all' : `the last line was "${saw.split('\n').at(-1) ?? ''}"`;
  return new Fault(
    'console_silent',
    `"${expected}" did not come on the console within ${inSeconds(withinMs)}; ${instead}. Correct the pattern, or give it more time.`,
    { expected, saw: saw === '' ? 'nothing' : saw, withinMs, consoleTail },
  );
};

/** Whether a conversation has come to where nothing is left of it but waits. */
const onlyWaits = (strokes: readonly Stroke[], rest: readonly Turn[]): boolean =>
  rest.length === 0 && strokes.every((stroke) => 'waitMs' in stroke);

/** Says in the fault of a line that closed that the conversation had come to its end, but for waits. */
const saidAll = (error: unknown): unknown =>
  error instanceof Fault && error.code === 'console_closed'
    ? new Fault(error.code, error.message, { ...error.facts, onlyWaitsLeft: true }, { cause: error.cause })
    : error;

const press = async (
  partner: Partner,
  strokes: readonly Stroke[],
  turn: Turn,
  rest: readonly Turn[],
  signal: AbortSignal,
): Promise<void> => {
  const { write, clock, willType, onEvent } = partner;
  let isFirst = true;
  for (const [at, stroke] of strokes.entries()) {
    signal.throwIfAborted();
    if ('waitMs' in stroke)
      await hear(partner, [], turn.refuse, stroke.waitMs, signal).catch((error: unknown) => {
        throw onlyWaits(strokes.slice(at), rest) ? saidAll(error) : error;
      });
    else if ('expect' in stroke) {
      const heard = await hear(partner, [stroke.expect], turn.refuse, stroke.withinMs, signal);
      if (heard.how === 'silent') throw silent(partner, stroke.expect, stroke.withinMs);
      tellHeard(partner, stroke.expect, heard.text, heard.afterMs);
    } else {
      willType(stroke.type, turn.secret);
      for (const keys of turn.keyIntervalMs > 0 ? stroke.type : [stroke.type]) {
        if (!isFirst && turn.keyIntervalMs > 0) await clock.sleep(turn.keyIntervalMs, signal);
        isFirst = false;
        await write(keys);
      }
      onEvent({ type: 'console.said', text: turn.secret ? '<secret>' : stroke.type, typedTimes: 1 });
    }
  }
};

const tellHeard = ({ onEvent, mask }: Partner, pattern: string, text: string, afterMs: number) =>
  onEvent({ type: 'console.heard', pattern, text: mask(text).slice(0, shownLength), afterMs: Math.round(afterMs) });

const say = async (partner: Partner, line: string, turn: Turn, signal: AbortSignal): Promise<void> => {
  const { window, write, typing, place, tail, show, hide, willType, conceal, onEvent } = partner;
  willType(line, turn.secret);
  const shown = turn.secret ? '<secret>' : line;
  if (!turn.echo) {
    await write(`${line}\r`);
    onEvent({ type: 'console.said', text: shown, typedTimes: 1 });
    return;
  }
  const from = window.end();
  // However mangled a secret comes back, nothing of it is written down; what follows its CR is.
  const typed = await typeLine(partner, line, signal, turn.secret ? conceal : undefined);
  if (turn.secret) hide(from, typed?.echoEnd ?? window.end());
  if (typed) {
    place.now = typed.echoEnd;
    onEvent({ type: 'console.said', text: shown, typedTimes: typed.typedTimes });
    return;
  }
  if (window.isClosed()) throw partner.ending();
  const times = typing.attempts.length;
  const saw = turn.secret ? {} : { saw: show(Math.max(from, window.end() - 1000)) || 'nothing' };
  throw new Fault(
    'console_deaf',
    `The guest did not echo "${shown}" although it was typed ${times} times. If it never echoes this, set "echo": false.`,
    { expected: shown, ...saw, typedTimes: times, consoleTail: tail() },
  );
};

/** What may be heard while `first` is awaited: itself and, as long as they are optional, the turns behind it. */
const candidates = (turns: readonly Turn[], first: number) => {
  const awaited: string[] = [];
  const refused: string[] = [];
  for (const { hear: pattern, optional, refuse } of turns.slice(first)) {
    // A line that is only said comes in between: nothing behind it is heard before it is said.
    if (pattern === undefined) break;
    awaited.push(pattern);
    refused.push(...refuse);
    if (!optional) break;
  }
  return { awaited, refused };
};

/** Holds the conversation to its end. See `Console`. */
export const converse = async (partner: Partner, turns: readonly Turn[], signal: AbortSignal): Promise<void> => {
  for (let at = 0; at < turns.length; at++) {
    signal.throwIfAborted();
    let turn = turns[at];
    if (turn?.hear !== undefined) {
      const { awaited, refused } = candidates(turns, at);
      const heard = await hear(partner, awaited, refused, turn.withinMs, signal);
      if (heard.how === 'silent' && !turn.optional) throw silent(partner, turn.hear, turn.withinMs);
      const skipped = heard.how === 'silent' ? 1 : heard.which;
      for (const pattern of awaited.slice(0, skipped)) partner.onEvent({ type: 'console.skipped', pattern });
      if (heard.how === 'silent') continue;
      at += skipped;
      turn = turns[at];
      tellHeard(partner, awaited[skipped] ?? '', heard.text, heard.afterMs);
    }
    const { say: text, press: strokes } = turn ?? {};
    if (turn && text !== undefined)
      for (const line of text.split(/\r\n|\r|\n/)) {
        const speaker = turn;
        await partner.alone(() => say(partner, line, speaker, signal));
      }
    else if (turn && strokes) {
      const player = turn;
      const rest = turns.slice(at + 1);
      await partner.alone(() => press(partner, strokes, player, rest, signal));
    }
  }
};
