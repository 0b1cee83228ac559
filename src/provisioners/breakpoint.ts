import { z } from 'zod';
import { strict, Words } from '../template/document/words.ts';
import { render } from '../template/language/render.ts';
import type { Text } from '../template/spec.ts';
import { commonKeys } from './common.ts';
import { textOr } from './in-guest/values.ts';
import type { ConsoleKind } from './kind.ts';

const about = 'a pause in which people can look at the machine, until a client resumes the build';

const Schema = strict({
  type: z.literal('breakpoint'),
  ...commonKeys,
  note: Words.max(1000).optional().describe('what the log and the event say about it'),
  disable: z.boolean().default(false).describe('the build goes on at once'),
}).describe(about);

type Settings = { readonly note: Text; readonly isDisabled: boolean };

/** Holds a healthy build. It ends with `timeout`: then no client resumed it, and what people did to the machine is not known. */
export const breakpoint = {
  type: 'breakpoint',
  about,
  needs: 'console',
  Schema,
  resolve: async (asked, place) => ({ note: textOr(asked.note, 'note', place), isDisabled: asked.disable }),
  plan: ({ isDisabled }) => (isDisabled ? 'breakpoint, disabled' : 'breakpoint: waits until it is resumed'),
  run: async ({ note, isDisabled }, { pause, runtime }, signal) => {
    if (!isDisabled) await pause(render(note, runtime), signal);
  },
} as const satisfies ConsoleKind<typeof Schema, Settings>;
