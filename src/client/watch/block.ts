import { textOf, type OutputLine } from '../show/output.ts';

/** Lines at the end of a terminal that are drawn over again and again. */
export type TerminalBlock = Disposable & {
  readonly draw: (lines: readonly OutputLine[]) => void;
  /** Takes the block away; what is written now comes in its place, and the next drawing below that. */
  readonly clear: () => void;
};

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
const eraseBelow = '\x1b[J';
// A line that is too wide, as wide characters make it, is cut by the terminal: else it would take two rows.
const noWrap = '\x1b[?7l';
const wrap = '\x1b[?7h';

/** A block on a terminal that obeys ECMA-48. The cursor is hidden while the block is there. */
export const makeBlock = (write: (text: string) => void): TerminalBlock => {
  let drawn = '';
  let height = 0;
  const restore = () => write(showCursor);
  process.once('exit', restore);
  const up = () => (height === 0 ? '\r' : `\x1b[${height}A\r`);
  const clear = () => {
    if (height > 0) write(`${up()}${eraseBelow}${showCursor}`);
    height = 0;
    drawn = '';
  };
  return {
    draw: (lines) => {
      const text = lines.map((line) => `${textOf(line, true)}\x1b[K\n`).join('');
      if (text === drawn) return;
      write(`${hideCursor}${noWrap}${up()}${text}${eraseBelow}${wrap}`);
      height = lines.length;
      drawn = text;
    },
    clear,
    [Symbol.dispose]: () => {
      process.off('exit', restore);
      write(showCursor);
    },
  };
};
