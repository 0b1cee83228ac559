import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { check, fieldErrorsOf, type Checked } from './field-errors.ts';

const places = { body: 'body', querystring: 'query', headers: 'header' } as const;

const isPlaced = (part: string): part is keyof typeof places => part in places;

/**
 * Checks one part of a request for Fastify. An address whose parts cannot name anything is an address of nothing: 404.
 */
export const compileValidator =
  ({ schema, httpPart = '' }: { readonly schema: unknown; readonly httpPart?: string }) =>
  (value: unknown): Checked<unknown> => {
    if (!(schema instanceof z.ZodType)) return { value };
    if (isPlaced(httpPart)) return check(schema, value, places[httpPart]);
    const result = schema.safeParse(value);
    if (result.success) return { value: result.data };
    const { told } = fieldErrorsOf(result.error, schema, 'path');
    const why = told.map(({ pointer, message }) => `${pointer} ${message}`).join(', ');
    return { error: new Fault('not_found', `There is nothing here: ${why}.`) };
  };
