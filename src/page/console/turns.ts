import type { BuildEvent } from '../api/types.ts';

/** One turn of the conversation with the guest. */
export type ShownTurn = {
  readonly seq: number;
  readonly at: string;
  readonly kind: 'heard' | 'said' | 'skipped' | 'refused';
  /** What was heard or typed; of what was skipped, the pattern. */
  readonly text: string;
};

const kinds: Readonly<Record<string, ShownTurn['kind']>> = {
  'console.heard': 'heard',
  'console.said': 'said',
  'console.skipped': 'skipped',
  'console.refused': 'refused',
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The turns among the events. */
export const turnsOf = (events: readonly BuildEvent[]): readonly ShownTurn[] =>
  events.flatMap(({ seq, at, type, data }) => {
    const kind = kinds[type];
    return kind === undefined ? [] : [{ seq, at, kind, text: textOf(data['text'] ?? data['pattern']) }];
  });

/** A turn, and how many characters of the transcript came before its end. */
export type PlacedTurn = { readonly turn: ShownTurn; readonly at: number };

/** What the guest wrote: to be found in the transcript. */
const isOfGuest = ({ kind, text }: ShownTurn): boolean => (kind === 'heard' || kind === 'refused') && text !== '';

/**
 * Where in the transcript each turn was. What was heard or refused is found in its order, the first time that it comes; what was typed
 * comes behind what was heard before it. What is not found stays where the one before it was.
 */
export const placeTurns = (transcript: string, turns: readonly ShownTurn[]): readonly PlacedTurn[] => {
  let at = 0;
  return turns.map((turn) => {
    const found = isOfGuest(turn) ? transcript.indexOf(turn.text, at) : -1;
    if (found >= 0) at = found + turn.text.length;
    return { turn, at };
  });
};
