import { Fault } from '../../base/fault.ts';
import { hear, silent, tellHeard } from './hear.ts';
import type { Partner } from './partner.ts';
import type { TurnPlace } from './place.ts';
import type { Stroke, Turn } from './types.ts';

/** Whether a conversation has come to where nothing is left of it but waits. */
const onlyWaits = (strokes: readonly Stroke[], rest: readonly Turn[]): boolean =>
  rest.length === 0 && strokes.every((stroke) => 'waitMs' in stroke);

/** Says in the fault of a line that closed that the conversation had come to its end, but for waits. */
const saidAll = (error: unknown): unknown =>
  error instanceof Fault && error.code === 'console_closed'
    ? new Fault(error.code, error.message, { ...error.facts, onlyWaitsLeft: true }, { cause: error.cause })
    : error;

/** A machine that has gone has no keyboard, as its line has closed. */
const asClosed = (error: unknown, { seen }: Partner): unknown =>
  error instanceof Fault && error.code === 'hypervisor_unavailable'
    ? new Fault('console_closed', 'The machine went while its keys were being pressed.', seen(), { cause: error })
    : error;

/** The text that keys of the keyboard type: what stands between the keys that make no character is in lines of its own. */
const typedText = (strokes: readonly Stroke[]): string =>
  strokes.map((stroke) => ('keys' in stroke && stroke.shown.length === 1 ? stroke.shown : '\n')).join('');

/** Waits as long as a stroke says, less what an earlier daemon has waited. */
const wait = async (
  partner: Partner,
  { waitMs }: { readonly waitMs: number },
  { refuse: refused, on }: Turn,
  place: TurnPlace,
  signal: AbortSignal,
) => {
  const { clock, keep } = partner;
  const since = place.since ?? clock.now();
  await keep({ ...place, since });
  const withinMs = Math.max(0, waitMs - (clock.now() - since));
  await hear(partner, { awaited: [], refused, withinMs, on }, signal);
};

type Pressed = {
  readonly turn: Turn;
  readonly rest: readonly Turn[];
  /** Where the conversation is: the strokes before have been made. */
  readonly from: TurnPlace;
};

/**
 * Presses the keys of a turn, with its pauses, and waits for what it expects in between. Throws `not_taken_up` where a key was
 * being pressed when an earlier daemon ended.
 */
// One closure, though long: each kind of stroke keeps the same place.
export const press = async (
  partner: Partner,
  strokes: readonly Stroke[],
  { turn, rest, from }: Pressed,
  signal: AbortSignal,
): Promise<void> => {
  const { window, write, clock, willType, onEvent, display, keep } = partner;
  if (from.typing !== undefined)
    throw new Fault('not_taken_up', 'A key was being pressed when the daemon ended, and nothing tells whether the guest has it.'); // prettier-ignore
  const { refuse: refused, on } = turn;
  let isFirst = true;
  if (turn.secret) willType(typedText(strokes), true);
  for (const [at, stroke] of strokes.entries()) {
    signal.throwIfAborted();
    if (at < from.part) continue;
    const place = at === from.part ? from : { ...from, part: at, key: 0, since: undefined };
    if ('waitMs' in stroke)
      await wait(partner, stroke, turn, place, signal).catch((error: unknown) => {
        throw onlyWaits(strokes.slice(at), rest) ? saidAll(error) : error;
      });
    else if ('expect' in stroke) {
      await keep(place);
      const heard = await hear(partner, { awaited: [stroke.expect], refused, withinMs: stroke.withinMs, on }, signal);
      if (heard.how === 'silent') throw silent(partner, stroke.expect, { ...turn, withinMs: stroke.withinMs });
      window.letGo();
      tellHeard(partner, stroke.expect, heard.text, heard.afterMs);
    } else if ('keys' in stroke) {
      if (display === undefined) throw new RangeError('a turn presses keys of a machine without a keyboard');
      if (!isFirst) await clock.sleep(turn.keyIntervalMs, signal);
      isFirst = false;
      await keep({ ...place, typing: 'blindly' });
      await display.press(stroke.keys, signal).catch((error: unknown) => {
        throw asClosed(error, partner);
      });
      onEvent({ type: 'console.said', text: turn.secret ? '<secret>' : stroke.shown, typedTimes: 1 });
    } else {
      willType(stroke.type, turn.secret);
      for (const [key, keys] of (turn.keyIntervalMs > 0 ? [...stroke.type] : [stroke.type]).entries()) {
        if (key < place.key) continue;
        if (!isFirst && turn.keyIntervalMs > 0) {
          await keep({ ...place, key });
          await clock.sleep(turn.keyIntervalMs, signal);
        }
        isFirst = false;
        await keep({ ...place, key, typing: 'blindly' });
        await write(keys);
      }
      onEvent({ type: 'console.said', text: turn.secret ? '<secret>' : stroke.type, typedTimes: 1 });
    }
  }
};
