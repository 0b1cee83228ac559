import type { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { isPassingStatus, passing } from '../../outward/peer.ts';
import { ask } from '../../outward/request.ts';
import { firstBytes } from '../../outward/first-bytes.ts';
import { refusedBy, shownAnswer } from '../answers.ts';
import { persist } from '../persist.ts';
import type { SendTools } from '../types.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One request to the API, with an answer in JSON. */
export type ApiRequest<T> = {
  readonly method: Method;
  readonly url: URL;
  readonly body?: unknown;
  readonly answer: z.ZodType<T>;
};

export type RegistryApi = {
  /** Asks, and again where that may help. Undefined where there is no such thing (404). Throws the peer's faults. */
  readonly find: <T>(request: ApiRequest<T>) => Promise<T | undefined>;
  /** The same for what has to be there. */
  readonly get: <T>(request: ApiRequest<T>) => Promise<T>;
};

const mostRead = 1024 * 1024;

/** The API of a registry of Vagrant boxes. The token is sent to its own origin alone, wherever an answer leads. */
export const registryApi = (base: URL, token: string, tools: Omit<SendTools, 'progress'>): RegistryApi => {
  const { peer, silentMs, signal } = tools;
  const once = async <T>({ method, url, body, answer }: ApiRequest<T>): Promise<T | undefined> => {
    const reply = await ask(url, {
      ...{ peer, method, silentMs, signal },
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(url.origin === base.origin ? { credentials: { authorization: `Bearer ${token}` } } : {}),
      ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body), 'utf8') }),
    });
    const { statusCode: status = 0 } = reply;
    const text = (await firstBytes(reply, mostRead)).bytes.toString('utf8');
    const what = `${method} ${url.origin}${url.pathname}`;
    if (status === 404) return undefined;
    if (status < 200 || status > 299 || isPassingStatus(status)) throw refusedBy(peer, what, status, text);
    try {
      return answer.parse(text.trim() === '' ? undefined : JSON.parse(text));
    } catch (error) {
      throw passing(peer, `${what}: its answer could not be read: ${shownAnswer(text)}.`, error);
    }
  };
  const find: RegistryApi['find'] = (request) => persist(request.url, () => once(request), tools);
  return {
    find,
    get: async (request) => {
      const found = await find(request);
      if (found !== undefined) return found;
      const { method, url } = request;
      throw new Fault(peer.refused, `${method} ${url.origin}${url.pathname}: there is no such thing. ${peer.advice}`);
    },
  };
};
