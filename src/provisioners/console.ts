import { counted } from '../base/text/counted.ts';
import { z } from 'zod';
import { strict } from '../template/document/words.ts';
import { Turns } from '../template/document/turn.ts';
import { resolveTurns } from '../template/resolve/turns.ts';
import type { TurnText } from '../template/spec.ts';
import { commonKeys } from './common.ts';
import type { ConsoleKind } from './kind.ts';

const about = 'a conversation on the console, for a guest without a network';

const Schema = strict({
  type: z.literal('console'),
  ...commonKeys,
  console: Turns.min(1).describe('the conversation'),
}).describe(about);

/** A conversation on the console of the installed guest. */
export const conversation = {
  type: 'console',
  about,
  needs: 'console',
  Schema,
  resolve: async (asked, { pointer, fields }) => ({
    turns: await resolveTurns(asked.console, `${pointer}/console`, fields),
  }),
  plan: ({ turns }) => `${counted(turns.length, 'line')} on the console`,
  run: ({ turns }, { converse }, signal) => converse(turns, signal),
} as const satisfies ConsoleKind<typeof Schema, { readonly turns: readonly TurnText[] }>;
