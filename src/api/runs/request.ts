import { z } from 'zod';
import { bounds } from '../../base/bounds.ts';
import { MachineName } from '../../base/records/machine-name.ts';
import { AskedId } from '../../base/ids.ts';
import { CommonBody, CommonQuery, EventsQuery } from '../builds/request.ts';
import { Flag, inDigits } from '../contract/common.ts';

const Names = z.array(MachineName).min(1, 'names no machine: name one, or leave it out').max(bounds.machines);

const Parallel = z
  .int(`is no whole number from 1 to ${bounds.machines}`)
  .min(1, 'is below 1')
  .max(bounds.machines, `is above ${bounds.machines}: no template has as many machines`);

const either = ({ only, except }: { readonly only?: unknown; readonly except?: unknown }) =>
  only === undefined || except === undefined;
const notBoth = { path: ['except'], error: 'stands beside "only": use one of them' };

const about = {
  only: 'The machines to build, by name; the others are not built.',
  except: 'The machines not to build, in place of `only`.',
  parallel: 'How many of its builds run at once; else as many as the host takes.',
  fail_fast: 'Whether the others are cancelled when one has failed.',
};

/** The JSON body of POST /runs. */
export const RunAskBody = CommonBody.extend({
  only: Names.optional().meta({ description: about.only, example: ['web'] }),
  except: Names.optional().meta({ description: about.except }),
  parallel: Parallel.optional().meta({ description: about.parallel, example: 2 }),
  fail_fast: z.boolean().default(false).meta({ description: about.fail_fast }),
})
  .refine(either, notBoth)
  .meta({ id: 'NewRun', description: 'What to build of a template with several machines.' });

/** `only=web,db`, or the parameter given twice. */
const NamesText = z
  .preprocess((given) => (Array.isArray(given) ? given.join(',') : given), z.string().max(4096))
  .transform((text) => text.split(',').map((name) => name.trim()))
  .pipe(Names);

/** The query of POST /runs: with a context as the body, all that a JSON body would say beside the template. */
export const RunQuery = CommonQuery.extend({
  only: NamesText.optional().meta({ type: 'string', description: `With a context: ${about.only} \`only=web,db\`.` }),
  except: NamesText.optional().meta({ type: 'string', description: `With a context: ${about.except}` }),
  parallel: inDigits(Parallel)
    .optional()
    .meta({ description: `With a context: ${about.parallel}` }),
  fail_fast: Flag.optional().meta({ description: `With a context: ${about.fail_fast}` }),
}).refine(either, notBoth);

/** The number of the last event that was read of each build, in their order. */
export const Positions = z
  .string()
  .max(400)
  .regex(/^\d{1,9}(\.\d{1,9})*$/, 'is no place among the events of a run: give back the "id" of one')
  .transform((text) => text.split('.').map(Number));

/** The query of GET /runs/{id}/events. */
export const RunEventsQuery = EventsQuery.extend({
  after: Positions.optional().meta({
    type: 'string',
    description:
      'Only what follows the event with this `id`. `Last-Event-ID` says the same, and holds where both are there.',
  }),
});

/** The address of a run. */
export const RunParams = z.object({
  id: AskedId.meta({ description: 'The run’s id, in upper or lower case.' }),
});
