import { z } from 'zod';
import { letGrow } from '../guest/grow.ts';
import { strict } from '../template/document/words.ts';
import { commonKeys } from './common.ts';
import type { GuestKind } from './kind.ts';

const about = 'has the system grow into a larger disk when its image boots there, by what it has for that';

const Schema = strict({ type: z.literal('cloudify'), ...commonKeys }).describe(about);

/** Prepares the guest to be a cloud image. */
export const cloudify = {
  type: 'cloudify',
  about,
  needs: 'guest',
  Schema,
  resolve: async () => ({}),
  plan: () => 'by cloud-init, growpart or rc.firsttime, whichever is there',
  run: (_settings, { guest, onLines }, signal) => letGrow(guest, onLines, signal),
} as const satisfies GuestKind<typeof Schema, object>;
