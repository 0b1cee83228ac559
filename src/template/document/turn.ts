import { z } from 'zod';
import { bounds } from '../../base/bounds.ts';
import { grammarErrors } from '../../packer/boot-command.ts';
import { ParseError, refuseParseErrors } from '../../base/text/parse-error.ts';
import { patternForm } from '../language/pattern.ts';
import { Duration, judged, Pattern, Pause, strict, Words } from './words.ts';

/** Checks the grammar of a boot command without placeholders; all its parse errors become one. `resolve` knows who presses. */
const bootCommandOf = (text: string) => refuseParseErrors(grammarErrors(text, patternForm));

/** What a line cannot hold: a guest would take it for a key, or for the line's end. */
export const saidOf = (text: string): string => {
  const found = /[\x00-\x08\x0a-\x1f\x7f]/.exec(text)?.[0];
  if (found === undefined) return text;
  throw new ParseError(
    `holds the control character ${JSON.stringify(found)}: say one line in each turn, and press keys with "press"`,
  );
};

export const TurnDocument = strict({
  hear: Pattern.optional().describe('what to wait for on the console'),
  on: z
    .enum(['stream', 'screen'])
    .default('stream')
    .describe(
      'where `hear`, `refuse` and the `<expect>` of `press` look: in what comes, or on what a terminal of 80 columns and 24 rows shows; by keyboard, on what the VGA shows',
    ),
  by: z
    .enum(['serial', 'keyboard'])
    .default('serial')
    .describe('what the keys of `press` are pressed on, and whose screen is looked at; `keyboard` goes with `display`'),
  within: Duration.default('2m').describe('how long to wait for it'),
  optional: z.boolean().default(false).describe('not hearing it in time, or hearing a later line first, is no failure'),
  say: Words.max(4096)
    .check(judged(saidOf))
    .optional()
    .describe('a line to type; its echo is awaited, and what was lost is typed again'),
  press: Words.check(judged(bootCommandOf))
    .optional()
    .describe("keys to type, in the grammar of Packer's boot_command"),
  key_interval: Pause.optional().describe('pause between the keys of `press`; default: none, by keyboard 100 ms'),
  echo: z.boolean().default(true).describe('false where the guest does not echo what is typed (a password)'),
  secret: z.boolean().default(false).describe('true for what log, events and console transcript must not show'),
  refuse: z
    .array(Pattern)
    .max(bounds.refusedInTurn)
    .default([])
    .describe('patterns that end the build when they are heard meanwhile'),
})
  .refine((turn) => turn.say === undefined || turn.press === undefined, 'has both "say" and "press": use two turns')
  .refine(
    (turn) => turn.hear !== undefined || turn.say !== undefined || turn.press !== undefined,
    'does nothing: it needs "hear", "say" or "press"',
  )
  .refine(
    (turn) => turn.by === 'serial' || turn.say === undefined,
    'has "say" by keyboard, whose echo is not seen: use "press", and end the line with <enter>',
  )
  .refine(
    (turn) => turn.on === 'stream' || turn.hear !== undefined || turn.press !== undefined,
    'has "on": "screen" without "hear" or "press": there is nothing to look for',
  )
  .describe('one line of the conversation on the console: heard first, then said');

export type TurnDocument = z.output<typeof TurnDocument>;

export const Turns = z.array(TurnDocument).max(bounds.turns);
