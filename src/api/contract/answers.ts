import { z } from 'zod';
import { Problem } from './common.ts';

type Header = { readonly description: string; readonly example?: string };

/** One answer of a route, for its documentation. */
export type ContractAnswer = {
  readonly description: string;
  /** By media type: a zod schema, or text for a body that is not JSON. */
  readonly content?: Readonly<Record<string, { readonly schema: z.ZodType }>>;
  readonly headers?: Readonly<Record<string, Header>> | undefined;
};

const problem = { 'application/problem+json': { schema: Problem } } as const;

const texts: Readonly<Record<number, string>> = {
  400: 'Something in the request is wrong; `errors` has each place.',
  401: 'No valid bearer token came with the request.',
  403: 'The token lacks the scope that this needs.',
  404: 'There is no such thing.',
  406: 'None of the accepted types can be given.',
  409: 'The build stands in another state than this needs.',
  412: 'It is not what `If-Match` asked for.',
  413: 'The body is larger than this host takes.',
  415: 'The body has a type that is not taken here.',
  416: 'The range lies outside the file; `Content-Range` tells its size.',
  422: 'The request is well formed, but cannot be carried out as it stands.',
  426: 'It is no request for a WebSocket.',
  429: 'The token has too many requests that wait or follow; `Retry-After` says when to try again.',
  503: 'Not now; `Retry-After` says when to try again.',
  507: 'The host has no room for more.',
};

/** JSON of this shape. */
export const json = (schema: z.ZodType, description: string, headers?: ContractAnswer['headers']): ContractAnswer => ({
  description,
  content: { 'application/json': { schema } },
  ...(headers ? { headers } : {}),
});

/** A body that is not JSON. */
export const text = (type: string, description: string, headers?: ContractAnswer['headers']): ContractAnswer => ({
  description,
  content: { [type]: { schema: z.string() } },
  ...(headers ? { headers } : {}),
});

/** No body at all. */
export const nothing = (description: string, headers?: ContractAnswer['headers']): ContractAnswer => ({
  description,
  ...(headers ? { headers } : {}),
});

/** A problem where the usual sentence does not fit. */
export const failing = (description: string): ContractAnswer => ({ description, content: problem });

/**
 * All answers of a route, for its documentation: its own, and the problems it can end in. They are not run at run
 * time, which would cost more than the rest of a request; a test holds every reply against them instead.
 */
export const answers = (
  own: Readonly<Record<number, ContractAnswer>>,
  problems: readonly number[],
): Record<number, unknown> => ({
  ...Object.fromEntries(problems.map((status) => [status, failing(texts[status] ?? 'A problem.')])),
  ...own,
});

export const etagHeader = {
  ETag: { description: 'Changes whenever the build does, or the run.', example: '"7"' },
} as const;
