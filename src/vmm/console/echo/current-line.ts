import { plain } from '../../../base/machine/plain.ts';

/** What the line the cursor stands in shows, as a terminal would: to see whether erasing still changes anything. */
export const currentLine = (came: string): string => {
  const line = came.slice(came.lastIndexOf('\n') + 1);
  const cells: string[] = [];
  let column = 0;
  // A sequence that erases from the cursor on (CSI K, CSI J) is the one kind that matters here.

  for (const part of line.split(/(\x1b\[0?[KJ])/)) {
    if (/^\x1b\[0?[KJ]$/.test(part)) cells.length = Math.min(cells.length, column);
    else
      for (const character of plain(part).text) {
        if (character === '\r') column = 0;
        else if (character === '\b') column = Math.max(0, column - 1);
        else if (character >= ' ') cells[column++] = character;
      }
  }
  return Array.from(cells, (cell) => cell ?? ' ')
    .join('')
    .trimEnd();
};
