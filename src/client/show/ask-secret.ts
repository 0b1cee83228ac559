import { ClientError } from '../client-error.ts';
import { untilKey } from './keys.ts';
import type { Output } from './output.ts';

/** Asks for a line at the terminal, which is not shown. Throws `left` for Ctrl-C and Ctrl-D. */
export const askSecret = async (output: Pick<Output, 'ask'>, question: string): Promise<string> => {
  let line = '';
  const typed = untilKey((character) => {
    if (character === '\x03' || character === '\x04') return 'left';
    if (character === '\r' || character === '\n') return 'whole';
    line = character === '\x7f' || character === '\b' ? line.slice(0, -1) : line + character;
    return undefined;
  }, new AbortController().signal);
  output.ask(question);
  const end = await typed;
  output.ask('\n');
  if (end === 'left') throw new ClientError('left', 'Nothing was changed.');
  return line;
};
