import { request as askHttp, type IncomingMessage } from 'node:http';
import { request as askHttps } from 'node:https';
import { Fault } from '../base/fault.ts';
import { broken, type Source } from './source.ts';

// Not undici: its redirects may go from https back to http, and its retries know nothing of the part on the disk.
export type Asking = {
  readonly source: Source;
  readonly headers: Readonly<Record<string, string>>;
  /** How long nothing may be heard, before the reply or within its body, in ms. */
  readonly silentMs: number;
  readonly signal: AbortSignal;
};

const mostRedirects = 5;

const askOnce = (url: URL, { source, headers, silentMs, signal }: Asking): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? askHttps : askHttp;
    // Without a pool: a connection that waits there could be dead when the next request comes, and its address was judged for another.
    const request = send(url, {
      headers: { 'user-agent': 'imaged', 'accept-encoding': 'identity', ...headers },
      agent: false,
      timeout: silentMs,
      signal,
      ...(source.reach === undefined ? {} : { lookup: source.reach.lookup(url) }),
    });
    let reply: IncomingMessage | undefined;
    request.on('timeout', () => (reply ?? request).destroy(new Error(`nothing was heard for ${silentMs / 1000} s`)));
    request.on('error', reject);
    request.once('response', (came) => {
      reply = came;
      // The reader of the body gets this error too; without a reader it must not end the process.
      came.on('error', () => undefined);
      resolve(came);
    });
    request.end();
  });

/** Where a redirect leads; undefined where that is not followed. */
const nextOf = (url: URL, location: string, { reach }: Source): URL | undefined => {
  const next = URL.canParse(location, url.href) ? new URL(location, url.href) : undefined;
  if (next === undefined || next.protocol === 'https:') return next;
  if (next.protocol !== 'http:') return undefined;
  return url.protocol === 'http:' || reach?.allowsPlain(next) === true ? next : undefined;
};

/**
 * Asks with GET and follows redirects, to http and https only, and from https back to http only where the source's reach
 * names that. Each URL on the way is judged by it. The body is the caller's to read or destroy. Throws the source's
 * faults, with `may_pass` where asking again makes sense.
 */
export const ask = async (from: URL, asking: Asking): Promise<IncomingMessage> => {
  const { source, signal } = asking;
  let url = from;
  for (let hop = 0; hop <= mostRedirects; hop++) {
    signal.throwIfAborted();
    const why = source.reach?.refuse(url);
    if (why !== undefined) {
      const way = url === from ? '' : `${from.href} leads to it. `;
      throw new Fault(source.refused, `${url.href} ${why}. ${way}${source.advice}`);
    }
    const reply = await askOnce(url, asking).catch((error: unknown) => {
      throw broken(source, error, url, signal);
    });
    const { statusCode: status = 0 } = reply;
    if (![301, 302, 303, 307, 308].includes(status)) return reply;
    reply.destroy();
    const { location = '' } = reply.headers;
    const next = nextOf(url, location, source);
    if (!next)
      throw new Fault(source.unavailable, `${url.href} leads to "${location}", which is not followed.`, { status });
    url = next;
  }
  throw new Fault(source.unavailable, `${from.href} leads from place to place, more than ${mostRedirects} times.`);
};
