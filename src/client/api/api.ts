import type { Readable } from 'node:stream';
import { systemClock } from '../../base/clock.ts';
import { ClientError } from '../client-error.ts';
import type { Server } from '../config/server.ts';
import { jsonIn } from './body.ts';
import { noImaged, refusal, unreachable } from './refusal.ts';
import type { Answer, Asked, Method, PathFor } from './types.ts';

type Query = Readonly<Record<string, unknown>>;

/** What goes with a request. */
export type Sent = {
  readonly query?: Query | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: { readonly type: string; readonly content: Readable | string | Uint8Array<ArrayBuffer> };
  readonly signal?: AbortSignal;
};

/** The calls of one daemon. All of them throw a ClientError: `refused` with the problem, or `unreachable`. */
export type Api = {
  readonly server: Server;
  /** A call of the contract that is answered in JSON. */
  readonly ask: <M extends Method, P extends PathFor<M>>(
    method: M,
    path: P,
    asked: Asked<M, P>,
    signal?: AbortSignal,
  ) => Promise<Answer<M, P>>;
  /** Any call, by the path as it is. The caller reads the reply's body. */
  readonly open: (method: Method, path: string, sent?: Sent) => Promise<Response>;
};

/** What each call of the contract is given, in a type of its own there. */
type Parts = {
  readonly path?: Readonly<Record<string, string | number>>;
  readonly query?: Query;
  readonly json?: unknown;
};

/** The path with the names in braces filled in. */
export const filled = (path: string, names: Readonly<Record<string, string | number>> = {}): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(names[name] ?? '')));

const search = (query: Query): string => {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((one) => one !== undefined)
      .map((one): [string, string] => [name, String(one)]),
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
};

const headersOf = ({ token }: Server, { headers = {}, json, body }: Sent): Record<string, string> => ({
  accept: 'application/json',
  'user-agent': 'imagectl',
  ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  ...(json === undefined ? {} : { 'content-type': 'application/json' }),
  ...(body === undefined ? {} : { 'content-type': body.type }),
  ...headers,
});

const bodyOf = ({ json, body }: Sent): RequestInit => {
  if (json !== undefined) return { body: JSON.stringify(json) };
  if (body === undefined) return {};
  // What fetch asks for where a body is a stream; the type of Node's own streams is not in its declaration.
  return { body: body.content, duplex: 'half' } as unknown as RequestInit;
};

// A daemon that does not say how a call went within this is as good as gone; following and waiting have no such end.
const answersWithinMs = 60_000;

const late = (server: Server) =>
  new ClientError('unreachable', `${server.url.origin} did not answer within ${answersWithinMs / 1000} s.`);

/**
 * What a reply says in JSON: every answer of the contract is an object. Throws `unreachable` where it breaks off, `refused`
 * where it is something else.
 */
export const jsonOf = async (reply: Response, server: Server): Promise<unknown> => {
  const value = await jsonIn(reply).catch((error: unknown) => {
    throw error instanceof SyntaxError ? noImaged(server, error) : unreachable(error, server);
  });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw noImaged(server);
  return value;
};

/** The calls of the daemon at this address. */
export const makeApi = (server: Server): Api => {
  const open: Api['open'] = async (method, path, sent = {}) => {
    const url = new URL(`${server.url.pathname.replace(/\/$/, '')}${path}${search(sent.query ?? {})}`, server.url);
    try {
      const reply = await fetch(url, {
        method: method.toUpperCase(),
        headers: headersOf(server, sent),
        // The token is for this daemon alone.
        redirect: 'manual',
        ...(sent.signal === undefined ? {} : { signal: sent.signal }),
        ...bodyOf(sent),
      });
      if (reply.ok || reply.status === 304) return reply;
      throw await refusal(reply, server);
    } catch (error) {
      if (error instanceof ClientError) throw error;
      sent.signal?.throwIfAborted();
      throw unreachable(error, server);
    }
  };
  return {
    server,
    open,
    ask: async (method, path, asked, signal = new AbortController().signal) => {
      // All types of the contract have this form, which the compiler does not see of a type that is not known yet.
      const { path: names, query, json } = asked as Parts;
      using deadline = systemClock.deadline(answersWithinMs, signal, () => late(server));
      const reply = await open(method, filled(path, names), { query, json, signal: deadline.signal });
      // The contract says what it is; the daemon's own tests hold it to that.
      const answer = reply.status === 204 || reply.status === 304 ? undefined : await jsonOf(reply, server);
      return answer as never;
    },
  };
};
