import { plain } from '../../../base/machine/plain.ts';
import { align, seenWith } from './align.ts';
import { redrawBegunIn } from './redraw.ts';
import { settle } from './settle.ts';
import type { EchoPiece } from './settle.ts';

/**
 * How what came compares with what was typed: `exact` is the echo and nothing else; `mixed` is the whole echo with other
 * output in front of it or, line by line, within it, or an echo that is to be believed only when nothing follows it;
 * `partial` is a beginning; `astray` is something else.
 */
export type Echo = 'exact' | 'mixed' | 'partial' | 'astray';

/** The text that an echo shows: without control characters, which come back as `^C`, as blanks, or not at all. */
export const echoable = (typed: string): string => typed.replace(/[\x00-\x1f\x7f-\x9f]/g, '');

/** How many characters were seen if nothing else came, not even a wrap. */
const seenStraight = (pieces: readonly EchoPiece[], expected: readonly string[]): number | undefined => {
  let seen: number | undefined = 0;
  for (const piece of pieces) {
    seen = seenWith(piece, expected, seen);
    if (seen === undefined) return undefined;
  }
  return seen;
};

const judge = (text: string, expected: readonly string[], isFresh: boolean): Echo => {
  const pieces = settle(text);
  const straight = seenStraight(pieces, expected);
  if (straight !== undefined) return straight === expected.length ? 'exact' : 'partial';
  const ways = align(pieces, expected, isFresh);
  const noise = ways.get(expected.length);
  if (noise !== undefined) return noise === 0 ? 'exact' : 'mixed';
  return [...ways].some(([seen, other]) => seen > 0 && other === 0) ? 'partial' : 'astray';
};

/**
 * Judges what came since `expected` was typed. `isFresh`: it was typed for the first time, perhaps while the prompt was
 * still coming; else the line had been cleared and was quiet, and nothing may stand in front.
 */
export const judgeEcho = (came: string, expected: string, isFresh: boolean): Echo => {
  const { text } = plain(came);
  const characters = [...expected];
  const echo = judge(text, characters, isFresh);
  const begun = redrawBegunIn(text);
  if (begun === undefined) return echo;
  if (echo === 'astray') return judge(text.slice(0, begun.at), characters, isFresh) === 'astray' ? 'astray' : 'partial';
  // What was taken for the end of the line may be an earlier part of it, about to be drawn again, and wiped behind it.
  const isRepeated =
    begun.drawn !== '' && !text.endsWith('\b') && expected.slice(0, -1).includes(begun.drawn.replace(/ *<?$/, ''));
  return echo === 'exact' && isRepeated ? 'mixed' : echo;
};

/** Whether the echo stands in one piece at the end of what came. */
export const endsWhole = (came: string, expected: string): boolean =>
  settle(plain(came).text)
    .filter((piece) => typeof piece === 'string')
    .join('')
    .endsWith(expected);
