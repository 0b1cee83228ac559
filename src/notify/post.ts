import { request as askHttp, type IncomingMessage } from 'node:http';
import { request as askHttps } from 'node:https';
import type { Clock } from '../base/clock.ts';
import { webhookBounds } from '../base/bounds.ts';
import type { Reach } from '../fetch/source.ts';

export type PostAsk = {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For all of it, from the look-up of the name to the end of the answer. */
  readonly withinMs: number;
};

/** A status line and what came of the body, as far as it is kept. */
export type PostAnswer = { readonly status: number; readonly answer: string; readonly retryAfter?: string };

const textOf = (chunks: readonly Uint8Array[]): string =>
  // Whatever it is, it is shown as text: what is none becomes U+FFFD, and control characters go.
  Buffer.concat(chunks)
    .toString('utf8')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '\ufffd')
    .slice(0, webhookBounds.answerCharacters);

/** The beginning of a body; the rest is read up to a bound, and then the connection is broken off. */
const beginningOf = async (reply: IncomingMessage): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let read = 0;
  for await (const chunk of reply as AsyncIterable<Uint8Array>) {
    if (read < webhookBounds.answerCharacters * 4) chunks.push(chunk);
    read += chunk.length;
    if (read > webhookBounds.answerBytes) break;
  }
  return textOf(chunks).trim();
};

const replyTo = ({ url, headers, body }: PostAsk, reach: Reach, signal: AbortSignal): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? askHttps : askHttp;
    const request = send(url, {
      method: 'POST',
      headers: {
        'user-agent': 'imaged',
        'accept-encoding': 'identity',
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        ...headers,
      },
      // Without a pool: an address is judged for one connection.
      agent: false,
      lookup: reach.lookup(url),
      signal,
    });
    request.on('error', reject);
    request.once('response', (reply) => {
      // The reader of the body gets this error too; without a reader it must not end the process.
      reply.on('error', () => undefined);
      resolve(reply);
    });
    request.end(body);
  });

/**
 * Sends a body with POST and gives the answer, whatever its status. A redirect is an answer like any other: it is not
 * followed, so nothing goes anywhere but to the host of the URL. Throws the error of the connection, or the reason of
 * the signal.
 */
export const post = async (ask: PostAsk, reach: Reach, clock: Clock, signal: AbortSignal): Promise<PostAnswer> => {
  const tooLong = () => new Error(`no whole answer within ${ask.withinMs / 1000} s`);
  using deadline = clock.deadline(ask.withinMs, signal, tooLong);
  try {
    const reply = await replyTo(ask, reach, deadline.signal);
    const { statusCode: status = 0, headers } = reply;
    const answer = await beginningOf(reply).finally(() => reply.destroy());
    const retryAfter = headers['retry-after'];
    return { status, answer, ...(retryAfter === undefined ? {} : { retryAfter }) };
  } catch (error) {
    // The program of Node says of every abort that it was aborted, not why.
    throw deadline.signal.aborted ? deadline.signal.reason : error;
  }
};
