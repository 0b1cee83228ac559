import { noteCall } from './calls.ts';
import type { Problem } from './types.ts';

/** A request that did not go well: the problem that the API answered with, or that it did not answer. */
export class CallError extends Error {
  readonly status: number;
  readonly problem: Problem | undefined;

  /** `status` 0: there was no answer. */
  constructor(message: string, status: number, problem?: Problem, cause?: unknown) {
    super(message, { cause });
    this.name = 'CallError';
    this.status = status;
    this.problem = problem;
  }
}

type Options = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Sent as JSON; bytes and archives are sent as they are. */
  readonly body?: object | undefined;
  /** The same without what is sensitive, for those who are shown the request. */
  readonly shown?: object | undefined;
  /** A name of this request: the same again does not make another of what it makes. */
  readonly key?: string | undefined;
  readonly accept?: string;
  /** Statuses that are answers too, though they are no success. */
  readonly also?: readonly number[];
  /** Bytes of the answer, the first and the last: `0-1023`. */
  readonly range?: string;
  readonly signal?: AbortSignal | undefined;
};

let loggedOut: () => void = () => undefined;

/** What to do when the API says that nobody is logged in. */
export const whenLoggedOut = (act: () => void): void => {
  loggedOut = act;
};

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'detail' in value && 'code' in value;

const problemOf = async (response: Response): Promise<Problem | undefined> => {
  const body: unknown = await response.json().catch(() => undefined);
  return isProblem(body) ? body : undefined;
};

const contentOf = (body: object | undefined): { readonly type?: string; readonly bytes?: BodyInit } => {
  if (body === undefined) return {};
  if (body instanceof Blob) return { type: body.type, bytes: body };
  if (body instanceof Uint8Array) return { type: 'application/octet-stream', bytes: new Uint8Array(body) };
  return { type: 'application/json', bytes: JSON.stringify(body) };
};

/**
 * Asks the API at a path below the page's own address. `x-imaged-page` shows that it is our page that asks: see
 * `POST /session`. Throws `CallError`, or what the signal aborts with.
 */
export const request = async (
  path: string,
  { method = 'GET', body, shown = body, key, accept, also = [], range, signal }: Options = {},
): Promise<Response> => {
  const { type, bytes } = contentOf(body);
  if (!path.startsWith('session'))
    noteCall({
      ...{ method, path },
      ...(typeof bytes === 'string' ? { body: JSON.stringify(shown) } : {}),
      ...(body instanceof Blob ? { archive: body.type } : {}),
      ...(accept === undefined ? {} : { accept }),
      ...(range === undefined ? {} : { range }),
    });
  const response = await fetch(path, {
    method,
    headers: {
      ...(accept === undefined ? {} : { accept }),
      ...(type === undefined ? {} : { 'content-type': type }),
      ...(range === undefined ? {} : { range: `bytes=${range}` }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      'x-imaged-page': '1',
    },
    ...(bytes === undefined ? {} : { body: bytes }),
    signal: signal ?? null,
    cache: 'no-store',
  }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw new CallError('imaged does not answer. Is it running, and is the network up?', 0, undefined, error);
  });
  if (response.ok || also.includes(response.status)) return response;
  const problem = await problemOf(response);
  if (response.status === 401 && !path.startsWith('session')) loggedOut();
  throw new CallError(problem?.detail ?? `imaged answered ${response.status}.`, response.status, problem);
};

/**
 * The body of the answer. Its shape is the contract's, from which the type comes: hence the one cast; the page and the
 * API are of one package.
 */
export const call = async <T>(path: string, options?: Options): Promise<T> => {
  const response = await request(path, options);
  return (response.status === 204 ? undefined : await response.json()) as T;
};
