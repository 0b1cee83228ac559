import { ask } from '../../outward/request.ts';
import type { SendTools } from '../types.ts';

/** What the SDK asks to be sent. */
type SdkRequest = {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>> | undefined;
  readonly body?: unknown;
};

const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'] as const;

// As the signature has them (Signature Version 4: all but the unreserved characters of RFC 3986).
const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

const queryOf = (query: SdkRequest['query'] = {}): string => {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === null ? [escaped(name)] : [value].flat().map((one) => `${escaped(name)}=${escaped(one)}`),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
};

const urlOf = ({ protocol, hostname, port, path, query }: SdkRequest): URL =>
  new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}${queryOf(query)}`);

const bodyOf = (body: unknown): Buffer | undefined => {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  throw new TypeError('The SDK sends a body that is neither text nor bytes');
};

/**
 * What the AWS SDK sends its requests with: the one client that asks nothing but what the configuration names. A redirect
 * is the SDK's to report; the signature would not be good elsewhere. Every request brings a signal of its own, for one that
 * cleans up outlives the build.
 */
export const sdkHandler = ({ peer, silentMs }: Pick<SendTools, 'peer' | 'silentMs'>) => ({
  handle: async (request: SdkRequest, options: { readonly abortSignal?: unknown } = {}) => {
    const method = methods.find((name) => name === request.method);
    if (method === undefined) throw new TypeError(`The SDK asks with ${request.method}`);
    const { abortSignal: signal } = options;
    if (!(signal instanceof AbortSignal)) throw new TypeError('The SDK asks without a signal that ends its request');
    const body = bodyOf(request.body);
    const reply = await ask(urlOf(request), {
      // S3 puts parts together before it says a word of it: minutes, for a large object.
      silentMs: method === 'POST' && request.query?.['uploadId'] !== undefined ? 10 * silentMs : silentMs,
      ...{ peer, method, headers: request.headers, redirects: 'given back' },
      ...(body === undefined ? {} : { body }),
      signal,
    });
    const { statusCode = 0, headers } = reply;
    const plain = Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')] as const);
    return { response: { statusCode, headers: Object.fromEntries(plain), body: reply } };
  },
});
