import { request as askHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as askHttps } from 'node:https';
import type { Readable } from 'node:stream';
import { Fault } from '../base/fault.ts';
import { broken, shownBy, type Peer } from './peer.ts';
import { shownLocation } from './shown-url.ts';

/** What is sent: a text, or so many bytes of a stream, which is opened for each time that they are sent. */
export type RequestBody = Buffer | { readonly bytes: number; readonly open: () => Readable };

// Not undici: its redirects may go from https back to http, and its retries know nothing of the part on the disk.
export type OutwardAsking = {
  readonly peer: Peer;
  /** Default: GET. */
  readonly method?: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  /** Headers for the first URL's origin alone: another one, to which it leads, is not told them. */
  readonly credentials?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** What becomes of a redirect. Default: it is followed. */
  readonly redirects?: 'followed' | 'given back';
  /** How long nothing may be heard, before the reply or within its body, in ms. */
  readonly silentMs: number;
  readonly signal: AbortSignal;
};

const mostRedirects = 5;

// A server that does not know `Expect` says nothing to it, and is sent the body then (RFC 9110, section 10.1.1).
const continueMs = 1000;

/** Sends a stream once the server has said that it wants it, so that a refusal or a redirect costs no bytes. */
const sendStream = (request: ClientRequest, open: () => Readable): void => {
  const begin = () => {
    clearTimeout(waiting);
    if (request.destroyed || isAnswered) return;
    const stream = open();
    stream.on('error', (error) => request.destroy(error));
    request.once('close', () => stream.destroy());
    request.once('response', () => stream.unpipe(request));
    stream.pipe(request);
  };
  let isAnswered = false;
  const waiting = setTimeout(begin, continueMs);
  request.once('continue', begin);
  request.once('close', () => clearTimeout(waiting));
  request.once('response', () => {
    isAnswered = true;
    clearTimeout(waiting);
  });
};

const askOnce = (
  url: URL,
  asking: OutwardAsking,
  headers: Readonly<Record<string, string>>,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { peer, method = 'GET', body, silentMs, signal } = asking;
    const isStream = body !== undefined && !Buffer.isBuffer(body);
    const send = url.protocol === 'https:' ? askHttps : askHttp;
    // Without a pool: a connection that waits there could be dead when the next request comes, and its address was judged for another.
    const request = send(url, {
      method,
      headers: {
        ...{ 'user-agent': 'imaged', 'accept-encoding': 'identity' },
        ...(body === undefined ? {} : { 'content-length': isStream ? body.bytes : body.length }),
        ...(isStream ? { expect: '100-continue' } : {}),
        ...headers,
      },
      agent: false,
      timeout: silentMs,
      signal,
      ...(peer.reach === undefined ? {} : { lookup: peer.reach.lookup(url, shownBy(peer, url)) }),
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
    if (isStream) sendStream(request, body.open);
    else request.end(body);
  });

/** Where a redirect leads; undefined where that is not followed. */
const nextOf = (url: URL, location: string, { reach }: Peer): URL | undefined => {
  const next = URL.canParse(location, url.href) ? new URL(location, url.href) : undefined;
  if (next === undefined || next.protocol === 'https:') return next;
  if (next.protocol !== 'http:') return undefined;
  return url.protocol === 'http:' || reach?.allowsPlain(next) === true ? next : undefined;
};

// The others may turn any method into GET, and then the body is lost (RFC 9110, section 15.4).
const keepsMethod = (status: number) => status === 307 || status === 308;

/**
 * Asks and follows redirects, to http and https only, and from https back to http only where the peer's reach names that;
 * other methods than GET and HEAD follow 307 and 308 alone. Each URL on the way is judged by it. The body is the caller's
 * to read or destroy. Throws the peer's faults, with `may_pass` where asking again makes sense.
 */
export const ask = async (from: URL, asking: OutwardAsking): Promise<IncomingMessage> => {
  const { peer, method = 'GET', headers, credentials = {}, redirects = 'followed', signal } = asking;
  const show = (one: URL) => shownBy(peer, one);
  const isReading = method === 'GET' || method === 'HEAD';
  let url = from;
  for (let hop = 0; hop <= mostRedirects; hop++) {
    signal.throwIfAborted();
    const why = peer.reach?.refuse(url);
    if (why !== undefined) {
      const way = url === from ? '' : `${show(from)} leads to it. `;
      throw new Fault(peer.refused, `${show(url)} ${why}. ${way}${peer.advice}`);
    }
    const told = url.origin === from.origin ? { ...headers, ...credentials } : headers;
    const reply = await askOnce(url, asking, told).catch((error: unknown) => {
      throw broken(peer, error, url, signal);
    });
    const { statusCode: status = 0 } = reply;
    if (redirects === 'given back' || ![301, 302, 303, 307, 308].includes(status)) return reply;
    reply.destroy();
    const { location = '' } = reply.headers;
    const next = isReading || keepsMethod(status) ? nextOf(url, location, peer) : undefined;
    if (!next)
      throw new Fault(
        peer.unavailable,
        `${show(url)} leads to ${shownLocation(location, url, show)}, which is not followed.`,
        {
          status,
        },
      );
    url = next;
  }
  throw new Fault(peer.unavailable, `${show(from)} leads from place to place, more than ${mostRedirects} times.`);
};
