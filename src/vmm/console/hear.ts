import { inSeconds } from '../../base/activity/words.ts';
import { Fault } from '../../base/fault.ts';
import { listen } from './listen.ts';
import { look } from './look.ts';
import type { Partner } from './partner.ts';
import { patternsOf, type SearchPatterns } from './search.ts';
import type { Turn } from './types.ts';

/** What came of listening: one of the patterns, with what it matched, or nothing in time. */
export type Heard =
  | { readonly how: 'heard'; readonly which: number; readonly text: string; readonly afterMs: number }
  | { readonly how: 'silent' };

/** What is listened for, and where: in what comes, on the screen, or on the display. */
export type HearAsked = {
  readonly awaited: readonly string[];
  readonly refused: readonly string[];
  readonly withinMs: number;
  readonly on: Turn['on'];
};

/** `end` is the place up to which it consumes what came; `saw` are the lines that it stands in, for people. */
type Match = { readonly which: number; readonly text: string; readonly end: number; readonly saw: () => string };

const shownLength = 200;
const timeUp = Symbol('time is up');

const lineAround = ({ window, show }: Partner, place: number): string => {
  const before = window.slice(Math.max(place - 500, window.start()), place);
  const after = window.slice(place, place + 500);
  const start = Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1;
  const length = /^[\r\n]*[^\r\n]*/.exec(after)?.[0].length ?? 0;
  return show(place - before.length + start, place + length);
};

const inStream = async (partner: Partner, patterns: SearchPatterns, signal: AbortSignal): Promise<Match | 'closed'> => {
  const { window, clock, place } = partner;
  const found = await listen(window, patterns, place.now, clock, signal);
  return found === 'closed' ? found : { ...found, end: found.to, saw: () => lineAround(partner, found.from) };
};

const onScreen =
  (on: NonNullable<Turn['on']>) =>
  async (partner: Partner, patterns: SearchPatterns, signal: AbortSignal): Promise<Match | 'closed'> => {
    const { window, clock, mask } = partner;
    const looked = partner[on];
    if (looked === undefined) throw new RangeError(`a turn looks at the ${on} of a console that has none`);
    window.letGo();
    const found = await look(looked, window, patterns, clock, signal);
    return found === 'closed' ? found : { ...found, end: window.end(), saw: () => mask(found.rows) };
  };

const closed = ({ ending, seen }: Partner, expected: string): Fault => {
  const { code, message, facts } = ending();
  return new Fault(code, message, { ...facts, ...(expected === '' ? {} : { expected }), ...seen() });
};

const refusal = ({ seen }: Partner, pattern: string, saw: string, expected: string): Fault =>
  new Fault(
    'console_refused',
    `The console showed "${saw}", which the conversation refuses ("${pattern}"). See what the guest did before.`,
    { expected, saw, pattern, ...seen() },
  );

const tellRefused = ({ onEvent, mask }: Partner, pattern: string, text: string): void =>
  onEvent({ type: 'console.refused', pattern, text: mask(text).slice(0, shownLength) });

/** Waits for one of `awaited`; throws when one of `refused` comes first, or when the line ends. */
export const hear = async (partner: Partner, asked: HearAsked, signal: AbortSignal): Promise<Heard> => {
  const { clock, place, awaiting } = partner;
  const { awaited, refused, withinMs, on } = asked;
  const startedAt = clock.elapsed();
  using deadline = clock.deadline(withinMs, signal, () => timeUp);
  // Of two patterns that match at the same place, the one that refuses counts.
  const patterns = patternsOf([...refused, ...awaited]);
  const expected = awaited.join('" or "');
  awaiting.now = expected || undefined;
  awaiting.since = startedAt;
  try {
    const found = await (on === undefined ? inStream : onScreen(on))(partner, patterns, deadline.signal);
    if (found === 'closed') throw closed(partner, expected);
    const pattern = refused[found.which];
    if (pattern !== undefined) {
      tellRefused(partner, pattern, found.text);
      throw refusal(partner, pattern, found.saw(), expected);
    }
    place.now = found.end;
    return {
      how: 'heard',
      which: found.which - refused.length,
      text: found.text,
      afterMs: clock.elapsed() - startedAt,
    };
  } catch (error) {
    partner.window.letGo();
    if (error === timeUp) return { how: 'silent' };
    throw error;
  } finally {
    awaiting.since = undefined;
  }
};

/** The fault of a console on which `expected` did not come in time. */
export const silent = (
  { seen, display }: Partner,
  expected: string,
  { withinMs, on }: Pick<Turn, 'withinMs' | 'on'>,
): Fault => {
  const now = seen();
  // Who listens to the serial line of a machine with a display did not look there.
  const isElsewhere = display !== undefined && on !== 'display';
  const saw = (isElsewhere ? now.consoleTail : (now.screen ?? now.consoleTail)).split('\n').slice(-3).join('\n');
  const instead = saw === '' ? 'nothing had come at all' : `the last line was "${saw.split('\n').at(-1) ?? ''}"`;
  return new Fault(
    'console_silent',
    `"${expected}" did not come on the ${on === 'display' ? 'display' : 'console'} within ${inSeconds(withinMs)}; ${instead}. Correct the pattern, or give it more time.`,
    { expected, saw: saw === '' ? 'nothing' : saw, withinMs, ...now },
  );
};

/** Tells of a pattern that was heard. */
export const tellHeard = ({ onEvent, mask }: Partner, pattern: string, text: string, afterMs: number): void =>
  onEvent({ type: 'console.heard', pattern, text: mask(text).slice(0, shownLength), afterMs: Math.round(afterMs) });
