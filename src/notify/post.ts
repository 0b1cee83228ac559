import type { IncomingMessage } from 'node:http';
import { webhookBounds } from '../base/bounds.ts';
import type { Clock } from '../base/clock.ts';
import { firstBytes } from '../outward/first-bytes.ts';
import type { Peer } from '../outward/peer.ts';
import { ask } from '../outward/request.ts';

export type PostAsk = {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For all of it, from the look-up of the name to the end of the answer. */
  readonly withinMs: number;
  /** Takes out of the answer what must not be shown. */
  readonly hide: (text: string) => string;
};

/** A status and what the body begins with. */
export type PostAnswer = { readonly status: number; readonly answer: string; readonly retryAfter?: string };

// Whatever it is, it is shown as text: what is none becomes U+FFFD, and so do control characters.
const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('utf8')
    .replace(/(?![\t\n])\p{Cc}/gu, '\ufffd')
    .trim();

const beginningOf = async (reply: IncomingMessage, hide: PostAsk['hide']): Promise<string> => {
  try {
    const { bytes } = await firstBytes(reply, webhookBounds.answerBytes);
    // Hidden first: half a secret could not be found any more.
    return hide(textOf(bytes)).slice(0, webhookBounds.answerCharacters);
  } finally {
    reply.destroy();
  }
};

/**
 * Sends a body with POST and gives the answer, whatever its status. Throws `destination_refused`,
 * `destination_unavailable`, or the reason of the signal.
 */
export const post = async (toSend: PostAsk, peer: Peer, clock: Clock, signal: AbortSignal): Promise<PostAnswer> => {
  const { url, headers, body, withinMs, hide } = toSend;
  using deadline = clock.deadline(withinMs, signal, () => new Error(`no whole answer within ${withinMs / 1000} s`));
  try {
    const reply = await ask(url, {
      ...{ peer, method: 'POST', body: Buffer.from(body), silentMs: withinMs, signal: deadline.signal },
      headers: { 'content-type': 'application/json', ...headers },
    });
    const { statusCode: status = 0 } = reply;
    const retryAfter = reply.headers['retry-after'];
    return { status, answer: await beginningOf(reply, hide), ...(retryAfter === undefined ? {} : { retryAfter }) };
  } catch (error) {
    // What was broken off within the body says that it was aborted, not why.
    throw deadline.signal.aborted ? deadline.signal.reason : error;
  }
};
