import { z } from 'zod';
import { Id } from '../../base/ids.ts';
import { Build, Progress } from '../builds/schema.ts';
import { Flag } from '../contract/common.ts';

const changeTypes = ['created', 'changed', 'progress', 'ended', 'removed', 'reset'] as const;

export const BuildChange = z
  .object({
    id: z.string().meta({
      description: 'Its place among the changes: where to go on after it.',
      example: '01JZ8Q4M3V9T7K2E5W6X1Y0ABC-17',
    }),
    type: z.enum(changeTypes).meta({
      description:
        'A build was accepted (`created`), stands otherwise than before (`changed`), is further (`progress`), has ended (`ended`, also told when one that had ended is pinned), or was deleted (`removed`). ' +
        '`reset` comes first, and whenever changes were missed: what builds there are is at `/builds`, and what follows are the changes since.',
    }),
    build_id: Id.optional().meta({ description: 'The build; missing for `reset`.' }),
    build: Build.optional().meta({ description: 'The build as it stands, for `created`, `changed` and `ended`.' }),
    progress: Progress.optional().meta({ description: 'How far it is, for `progress`.' }),
  })
  .meta({ id: 'BuildChange', description: 'A change among the builds of the host. New types may be added.' });

/** A place among the changes: which life of the feed it was told in, and its number there. */
export const Place = z
  .string()
  .regex(/^[0-9A-Z]{26}-[0-9]{1,15}$/, 'is no place among the changes: give back the "id" of one');

export const ChangesQuery = z.strictObject({
  after: Place.optional().meta({
    description: 'Only what came after this change: its `id`. `Last-Event-ID` says the same, and goes before it.',
  }),
  named: Flag.default('true').meta({
    description: '`false`: server-sent events without `event`, all of which reach `onmessage`; `data` has the type.',
  }),
});
