import { z } from 'zod';
import type { AgainAsk, RebuildAsk, RetryAsk } from '../../build/again/asks.ts';
import type { Received } from '../../build/contexts.ts';
import { Variables } from '../contract/common.ts';
import { askedVariables } from './asked.ts';
import { BuildAskBody, BuildQuery, OnError } from './request.ts';

const asBefore = 'Default: as the build had it.';

const AgainBody = z.strictObject({
  variables: Variables.default({}).meta({
    description:
      'Values in place of those that the build had. Sensitive ones are forgotten when a build ends: send them again.',
    example: { release: '7.9' },
  }),
  on_error: OnError.optional().meta({ description: `What becomes of the machine when it fails. ${asBefore}` }),
  debug: z
    .boolean('is neither true nor false')
    .optional()
    .meta({ description: `Whether it waits before each step. ${asBefore}` }),
});

/** The JSON body of POST /builds/{id}/retry. */
export const RetryBody = AgainBody.extend({
  template: BuildAskBody.shape.template.optional().meta({
    description: 'The mended template, or the name of a stored one. Default: what the build was made of.',
  }),
  machine: BuildAskBody.shape.machine,
})
  .refine(({ machine, template }) => machine === undefined || template !== undefined, {
    path: ['machine'],
    error: 'is for a template that is sent with it: without one it is the machine that the build made',
  })
  .meta({ id: 'NewRetry', description: 'What is to be other than it was. May be left out altogether.' });

/** The query of it: with a context as the body, what a JSON body would say beside the template. */
export const RetryQuery = BuildQuery.pick({ variable: true, on_error: true, debug: true, machine: true });

/** The JSON body of POST /builds/{id}/rebuild and POST /runs/{id}/rebuild. */
export const RebuildBody = AgainBody.extend({
  strict: z.boolean('is neither true nor false').default(false).meta({
    description: 'Only if all that it began with is there, and as it was: files of media, builds, secrets of the host.',
  }),
}).meta({ id: 'NewRebuild', description: 'What is to be other than it was. May be left out altogether.' });

const againOf = ({
  variables,
  on_error: onError,
  debug,
}: Omit<z.output<typeof AgainBody>, 'variables'> & Pick<AgainAsk, 'variables'>): AgainAsk => ({
  variables,
  ...(onError === undefined ? {} : { onError }),
  ...(debug === undefined ? {} : { debug }),
});

/** What a JSON body says of a rebuild. */
export const rebuildIn = ({ strict, ...again }: z.output<typeof RebuildBody>): RebuildAsk => ({
  ...againOf(again),
  strict,
});

/** What a JSON body says of a retry. */
export const retryIn = ({ template, machine, ...again }: z.output<typeof RetryBody>): RetryAsk => ({
  ...againOf(again),
  ...(template === undefined ? {} : { template }),
  ...(machine === undefined ? {} : { machine }),
});

/** What a context and the query say of a retry. */
export const retryWith = (received: Received, query: z.output<typeof RetryQuery>): RetryAsk => ({
  ...againOf({
    variables: askedVariables(received, query),
    on_error: query.on_error,
    debug: query.debug === undefined ? undefined : query.debug === 'true',
  }),
  template: received.template,
  contextId: received.contextId,
  ...(query.machine === undefined ? {} : { machine: query.machine }),
});
