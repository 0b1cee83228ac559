import { readableLines } from '../../../base/machine/plain.ts';
import { masked, saysSomething } from './mask.ts';

/** A line of a console that says something: its number in the transcript, from 1, and its text. */
export type ConsoleLine = { readonly number: number; readonly text: string };

/** The lines of a console, as far as it is read. */
export type ConsoleLines = {
  readonly lines: readonly ConsoleLine[];
  /** The same, as they are compared. */
  readonly masked: readonly string[];
};

// A longer line is shown by its beginning.
const longestLine = 1000;

/** Makes lines of the bytes of a transcript as they come. `last`: nothing comes behind them. */
export const makeLines = () => {
  const lines: ConsoleLine[] = [];
  const compared: string[] = [];
  const decoder = new TextDecoder();
  let rest = '';
  let number = 0;
  const add = (text: string) => {
    for (const line of readableLines(text)) {
      number++;
      const shown = line.slice(0, longestLine);
      const inShort = masked(shown);
      if (!saysSomething(inShort)) continue;
      lines.push({ number, text: shown });
      compared.push(inShort);
    }
  };
  return {
    take: (bytes: Uint8Array, last: boolean): void => {
      const text = rest + decoder.decode(bytes, { stream: !last });
      // The end of a line is whole with what follows it: a CR may come behind it.
      const end = last ? text.length : text.lastIndexOf('\n');
      rest = text.slice(Math.max(0, end + (last ? 0 : 1)));
      if (end > 0) add(text.slice(0, end));
      else if (end === 0) number++;
    },
    now: (): ConsoleLines => ({ lines, masked: compared }),
  };
};
