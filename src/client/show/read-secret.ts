import { buffer } from 'node:stream/consumers';
import { usageError } from '../client-error.ts';
import { askSecret } from './ask-secret.ts';
import type { Output } from './output.ts';

// No secret that a daemon takes is longer, and a pipe may never end.
const mostBytes = 1024 * 1024;

const bounded = async function* (bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let length = 0;
  for await (const piece of bytes) {
    length += piece.length;
    if (length > mostBytes) throw usageError(`More than ${mostBytes} bytes came at standard input: that is no secret.`);
    yield piece;
  }
};

const textOf = (bytes: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw usageError('What came at standard input is no text in UTF-8: encode it first, as with base64.');
  }
};

/**
 * A secret, which stands in no argument, for other users of this host could read it: typed at the terminal, without an echo,
 * else all of standard input but the end of its last line. Throws `usage`, or `left` for Ctrl-C.
 */
export const readSecret = async (output: Pick<Output, 'ask'>, question: string): Promise<string> =>
  process.stdin.isTTY
    ? askSecret(output, question)
    : textOf(await buffer(bounded(process.stdin as AsyncIterable<Buffer>))).replace(/\r?\n$/, '');
