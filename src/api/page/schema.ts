import { z } from 'zod';
import { scopes } from '../../queue/records.ts';
import { Time } from '../contract/common.ts';

/** The body of POST /session. */
export const NewSession = z
  .strictObject({
    token: z.string('is no token: imgd_...').min(1, 'is empty').max(600, 'is longer than any token').meta({
      description: 'From `imaged token add`.',
      example: 'imgd_01JZ8Q4M3V9T7K2E5W6X1Y0ABC_…',
    }),
  })
  .meta({ id: 'NewSession', description: 'With what to log in.' });

export const LoggedIn = z
  .object({
    name: z.string().meta({ description: 'The name of the token.' }),
    scopes: z.array(z.enum(scopes)).meta({ description: 'What it allows.' }),
    expires_at: Time.optional().meta({
      description: 'When the session ends, or the token where there is none. Missing where it does not.',
    }),
  })
  .meta({ id: 'Session', description: 'In whose name requests are made, and until when.' });
export type LoggedIn = z.output<typeof LoggedIn>;
