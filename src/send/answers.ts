import type { IncomingMessage } from 'node:http';
import { Fault } from '../base/fault.ts';
import { visible } from '../base/text/visible.ts';
import { firstBytes } from '../outward/first-bytes.ts';
import { isPassingStatus, passing, type Peer } from '../outward/peer.ts';

const mostShown = 300;

/** What an answer says, for people: its first words, on one line. */
export const shownAnswer = (text: string): string => {
  const words = visible(text).replace(/\s+/g, ' ').trim();
  // Not within a word: half a secret could not be masked any more.
  const shown = words.length > mostShown ? words.slice(0, mostShown).replace(/\S*$/, '...') : words;
  return shown === '' ? 'nothing' : `"${shown}"`;
};

/** What an answer that is not a success means: 408, 429 and 500 upwards may pass, all others are refusals. */
export const refusedBy = (peer: Peer, what: string, status: number, text: string): Fault => {
  const why = `${what}: it answered ${status} and said ${shownAnswer(text)}.`;
  return isPassingStatus(status) ? passing(peer, why) : new Fault(peer.refused, `${why} ${peer.advice}`, { status });
};

const mostRead = 64 * 1024;

/** Reads an answer, of which a part is enough, and throws `refusedBy` unless it is a success. Gives its text. */
export const successOf = async (peer: Peer, what: string, reply: IncomingMessage): Promise<string> => {
  const { statusCode: status = 0 } = reply;
  try {
    const text = (await firstBytes(reply, mostRead)).bytes.toString('utf8');
    if (status >= 200 && status < 300) return text;
    throw refusedBy(peer, what, status, text);
  } finally {
    reply.destroy();
  }
};
