import { hear, silent, tellHeard } from './hear.ts';
import type { Partner } from './partner.ts';
import { turnBegins, type TurnPlace } from './place.ts';
import { press } from './press.ts';
import { say } from './say.ts';
import type { Turn } from './types.ts';

/**
 * What may be heard while `first` is awaited: itself and, as long as they are optional and listen in the same place, the turns
 * behind it.
 */
const candidates = (turns: readonly Turn[], first: number) => {
  const awaited: string[] = [];
  const refused: string[] = [];
  for (const { hear: pattern, optional, refuse, on } of turns.slice(first)) {
    // A line that is only said comes in between: nothing behind it is heard before it is said.
    if (pattern === undefined || on !== turns[first]?.on) break;
    awaited.push(pattern);
    refused.push(...refuse);
    if (!optional) break;
  }
  return { awaited, refused };
};

/** Types what a turn says or presses, for which the line must flow; `from`: it has come so far already. */
const type = async (
  partner: Partner,
  turns: readonly Turn[],
  at: number,
  from: TurnPlace,
  signal: AbortSignal,
): Promise<void> => {
  const turn = turns[at];
  const { say: text, press: strokes } = turn ?? {};
  if (text !== undefined || strokes) partner.window.letGo();
  if (turn && text !== undefined)
    for (const [part, line] of text.split(/\r\n|\r|\n/).entries()) {
      if (part < from.part) continue;
      const place = part === from.part ? from : { ...turnBegins(at), isHeard: true, part };
      await partner.alone(() => say(partner, line, turn, place, signal));
    }
  else if (turn && strokes)
    await partner.alone(() => press(partner, strokes, { turn, rest: turns.slice(at + 1), from }, signal));
};

const holdToItsEnd = async (
  partner: Partner,
  turns: readonly Turn[],
  signal: AbortSignal,
  from: TurnPlace,
): Promise<void> => {
  let place = from;
  for (let at = from.at; at < turns.length; at++) {
    signal.throwIfAborted();
    if (place.at !== at) place = turnBegins(at);
    await partner.keep(place);
    const turn = turns[at];
    if (turn?.hear !== undefined && !place.isHeard) {
      const { awaited, refused } = candidates(turns, at);
      const heard = await hear(partner, { awaited, refused, withinMs: turn.withinMs, on: turn.on }, signal);
      if (heard.how === 'silent' && !turn.optional) throw silent(partner, turn.hear, turn);
      const skipped = heard.how === 'silent' ? 1 : heard.which;
      for (const pattern of awaited.slice(0, skipped)) partner.onEvent({ type: 'console.skipped', pattern });
      if (heard.how === 'silent') continue;
      at += skipped;
      tellHeard(partner, awaited[skipped] ?? '', heard.text, heard.afterMs);
      place = { ...turnBegins(at), isHeard: true };
    }
    await type(partner, turns, at, { ...place, isHeard: true }, signal);
  }
  await partner.keep(undefined);
};

/** Holds the conversation to its end. See `Console`. `from`: an earlier daemon has held it up to there. */
export const converse = (
  partner: Partner,
  turns: readonly Turn[],
  signal: AbortSignal,
  from: TurnPlace = turnBegins(0),
): Promise<void> => {
  const { window, place } = partner;
  // Nothing that a turn is to hear is dropped while the place of the conversation is written down.
  window.holdFrom(Math.max(place.now, window.start()));
  return holdToItsEnd(partner, turns, signal, from).finally(window.letGo);
};
