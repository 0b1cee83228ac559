import { hear, silent, tellHeard } from './hear.ts';
import type { Partner } from './partner.ts';
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

/** Holds the conversation to its end. See `Console`. */
export const converse = async (partner: Partner, turns: readonly Turn[], signal: AbortSignal): Promise<void> => {
  for (let at = 0; at < turns.length; at++) {
    signal.throwIfAborted();
    let turn = turns[at];
    if (turn?.hear !== undefined) {
      const { awaited, refused } = candidates(turns, at);
      const heard = await hear(partner, { awaited, refused, withinMs: turn.withinMs, on: turn.on }, signal);
      if (heard.how === 'silent' && !turn.optional) throw silent(partner, turn.hear, turn);
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
