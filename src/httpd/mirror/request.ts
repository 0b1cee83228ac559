import { request as askHttp, type IncomingMessage } from 'node:http';
import { request as askHttps } from 'node:https';
import { Fault } from '../../base/fault.ts';

// Not undici: its redirects may go from https back to http, and its retries know nothing of the part on the disk.
export type Asking = {
  readonly headers: Readonly<Record<string, string>>;
  /** How long nothing may be heard, before the reply or within its body, in ms. */
  readonly silentMs: number;
  readonly signal: AbortSignal;
};

const mostRedirects = 5;

/** A fault of upstream that may pass: asking again makes sense. */
export const passing = (why: string, cause?: unknown): Fault =>
  new Fault('mirror_unavailable', why, { may_pass: true }, { cause });

export const mayPass = (error: unknown): boolean => error instanceof Fault && error.facts['may_pass'] === true;

/** Any error of a connection as a fault that may pass; the signal's reason where that has aborted. */
export const broken = (error: unknown, url: URL, signal: AbortSignal): unknown => {
  if (signal.aborted) return signal.reason;
  if (error instanceof Fault) return error;
  return passing(`${url.href}: ${error instanceof Error ? error.message || error.name : String(error)}`, error);
};

const askOnce = (url: URL, { headers, silentMs, signal }: Asking): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? askHttps : askHttp;
    // Without a pool: a connection that waits there could be dead when the next request comes.
    const request = send(url, {
      headers: { 'user-agent': 'imaged', 'accept-encoding': 'identity', ...headers },
      agent: false,
      timeout: silentMs,
      signal,
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

/**
 * Asks upstream with GET and follows its redirects, to http and https only and never from https back to http. The body
 * is the caller's to read or destroy. Throws `mirror_unavailable`, with `may_pass` where asking again makes sense.
 */
export const ask = async (from: URL, asking: Asking): Promise<IncomingMessage> => {
  let url = from;
  for (let hop = 0; hop <= mostRedirects; hop++) {
    asking.signal.throwIfAborted();
    const reply = await askOnce(url, asking).catch((error: unknown) => {
      throw broken(error, url, asking.signal);
    });
    const { statusCode: status = 0 } = reply;
    if (![301, 302, 303, 307, 308].includes(status)) return reply;
    reply.destroy();
    const { location = '' } = reply.headers;
    const next = URL.canParse(location, url.href) ? new URL(location, url.href) : undefined;
    const isFit = next?.protocol === 'https:' || (next?.protocol === 'http:' && url.protocol === 'http:');
    if (!next || !isFit)
      throw new Fault('mirror_unavailable', `${url.href} leads to "${location}", which is not followed.`, { status });
    url = next;
  }
  throw new Fault('mirror_unavailable', `${from.href} leads from place to place, more than ${mostRedirects} times.`);
};

/** What a status that brings no file means. */
export const refusal = (url: URL, status: number): Fault => {
  const why = `${url.href}: upstream answered ${status}.`;
  if (status >= 500 || status === 408 || status === 429) return passing(why);
  const isGone = status === 404 || status === 410;
  return new Fault(
    isGone ? 'mirror_refused' : 'mirror_unavailable',
    `${why} Does [mirror] upstream name a mirror that has it?`,
    {
      status,
    },
  );
};
