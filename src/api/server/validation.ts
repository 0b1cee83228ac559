import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { quoted } from '../../base/text/nearest.ts';
import { check, type Checked } from './field-errors.ts';

const places = { body: 'body', querystring: 'query', headers: 'header' } as const;

const isPlaced = (part: string): part is keyof typeof places => part in places;

/** The part of an address as it was given. */
const shown = (value: unknown, [name = '']: readonly PropertyKey[]): string => {
  const given = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const part: unknown = given.find(([key]) => key === name)?.[1];
  return typeof part === 'string' ? quoted(part) : String(name);
};

/** Where the ids are found that an address begins with. */
const whereListed = (url: string): string => {
  const [, listed] = /^\/(builds|runs)\/:id\b/.exec(url) ?? [];
  return listed === undefined ? '' : `; GET /${listed} lists those of ${listed}`;
};

/**
 * Checks one part of a request for Fastify. An address whose parts cannot name anything is an address of nothing: 404.
 */
export const compileValidator =
  ({
    schema,
    httpPart = '',
    url = '',
  }: {
    readonly schema: unknown;
    readonly httpPart?: string;
    readonly url?: string;
  }) =>
  (value: unknown): Checked<unknown> => {
    if (!(schema instanceof z.ZodType)) return { value };
    if (isPlaced(httpPart)) return check(schema, value, places[httpPart]);
    const result = schema.safeParse(value);
    if (result.success) return { value: result.data };
    const why = result.error.issues.map(({ path, message }) => `${shown(value, path)} ${message}`).join(', ');
    return { error: new Fault('not_found', `${why}${result.error.issues.length === 1 ? whereListed(url) : ''}.`) };
  };
