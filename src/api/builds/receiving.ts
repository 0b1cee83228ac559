import type { FastifyReply, FastifyRequest } from 'fastify';
import { faultWithPlaces } from '../../base/document/document.ts';
import { Fault } from '../../base/fault.ts';
import { withPlaces } from '../../base/field-errors.ts';
import type { Received } from '../../build/contexts.ts';
import { pointerTo } from '../../base/json/pointer.ts';
import { boundedBody, encodingOf } from '../server/bodies.ts';
import { disconnectSignal } from '../server/connections/disconnect.ts';
import type { ApiParts } from '../types.ts';

const isIn = (values: unknown, pointer: string): boolean =>
  typeof values === 'object' &&
  values !== null &&
  Object.keys(values).some((name) => pointer === pointerTo(['variables', name]));

/** Where a place in a JSON body is when an archive and a query stand in for it. */
export const inBuildArchive = (
  pointer: string,
  { variables, templateFile }: Pick<Received, 'variables' | 'templateFile'>,
): string =>
  pointer.startsWith('/template')
    ? inTemplateArchive(pointer.slice('/template'.length), { templateFile })
    : variables !== undefined && isIn(variables.values, pointer)
      ? `${variables.file}:${pointer.slice('/variables'.length)}`
      : pointer
          .replace(/^\/(variable|label)s/, 'query:/$1')
          .replace(
            /^\/(?=priority|timeout|on_error|debug|force|machine|only|except|parallel|fail_fast|from)/,
            'query:/',
          );

/** Where a place in a template is when it came in an archive. One in a template that it extends says so itself. */
export const inTemplateArchive = (pointer: string, { templateFile }: Pick<Received, 'templateFile'>): string =>
  pointer === '' || pointer.startsWith('/') ? `${templateFile}:${pointer}` : pointer;

const withPlacesIn = async (fault: Fault, { sources }: Pick<Received, 'sources'>): Promise<Fault> => {
  let placed = fault;
  for (const [file, source] of Object.entries(sources)) placed = await faultWithPlaces(placed, source, `${file}:`);
  return placed;
};

/** What becomes of a context. */
type Receiving = {
  /** Where a place of a JSON body is in an archive. */
  readonly pointerInto: (pointer: string, context: Received) => string;
  /** Whether it may be kept. */
  readonly lasts: boolean;
};

/** Of builds that are asked for: a validation keeps nothing. */
export const ofBuilds = ({ validate }: { readonly validate?: string | undefined }): Receiving => ({
  pointerInto: inBuildArchive,
  lasts: validate !== 'true',
});

/**
 * Receives the context that is the request's body, if it is one, and calls `use`, whose answer says whether the
 * context is kept. What is not kept is dropped again, whatever happens. Field errors about an archive point to where
 * `pointerInto` says.
 */
export const withContext = async <T>(
  request: FastifyRequest,
  reply: FastifyReply,
  { contexts, limits, signal }: Pick<ApiParts, 'contexts' | 'limits' | 'signal'>,
  { pointerInto, lasts }: Receiving,
  use: (context: Received | undefined) => Promise<{ readonly answer: T; readonly isKept: boolean }>,
): Promise<T> => {
  const encoding = encodingOf(request);
  if (encoding === undefined) return (await use(undefined)).answer;
  const until = AbortSignal.any([signal, disconnectSignal(reply)]);
  const context = await contexts.receive(boundedBody(request, limits.contextBytes), { encoding, lasts }, until);
  let isKept = false;
  try {
    const used = await use(context);
    isKept = used.isKept;
    return used.answer;
  } catch (error) {
    const told = withPlaces(error, (pointer) => pointerInto(pointer, context));
    throw told instanceof Fault ? await withPlacesIn(told, context) : told;
  } finally {
    if (!isKept) await contexts.drop(context.contextId);
  }
};
