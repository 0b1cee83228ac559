/**
 * How far a conversation has come, so that a daemon which is started meanwhile goes on with it. A turn goes through
 *
 *   awaited --- heard ---> typing ---> entering ---> (the next turn)
 *
 * and is taken up where it is: what is awaited is awaited again, a line that was being typed is cleared and typed again, and
 * after CR the echo tells whether the guest has it. Where nothing tells it (no echo, keys, secrets), the place says so.
 */

import { z } from 'zod';

export const TurnPlace = z.object({
  /** The number of the turn, from 0. */
  at: z.number(),
  /** Its text was heard, and is not awaited again. */
  isHeard: z.boolean(),
  /** The line of `say`, or the stroke of `press`, and the key within that. */
  part: z.number(),
  key: z.number(),
  /** Since when the stroke waits, Unix milliseconds. */
  since: z.number().optional(),
  /** What of the part was under way; `blindly`: nothing would tell whether the guest has it. */
  typing: z.enum(['line', 'enter', 'blindly']).optional(),
  /** With `enter`: the place where the echo of the line ends. */
  echoEnd: z.number().optional(),
});
export type TurnPlace = z.output<typeof TurnPlace>;

export const ConsolePlace = z.object({
  /** So many bytes of the line had gone into the transcript when its file was so long; none was held back then. */
  transcript: z.object({ line: z.number(), file: z.number() }),
  /** The place of the last match or echo: what a match has consumed is not heard again. In characters of the line. */
  heard: z.number(),
  /** Undefined: no conversation was under way. */
  turn: TurnPlace.optional(),
});
export type ConsolePlace = z.output<typeof ConsolePlace>;

export const turnBegins = (at: number): TurnPlace => ({ at, isHeard: false, part: 0, key: 0 });
