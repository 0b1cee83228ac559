import type { OutputLine, OutputPiece } from './output.ts';

const textIn = (piece: OutputPiece): string => (typeof piece === 'string' ? piece : piece.text);

// A cell is one line, whatever it holds.
const flat = (piece: OutputPiece): OutputPiece => {
  const text = textIn(piece).replace(/[\n\t]+/g, ' ');
  return typeof piece === 'string' ? text : { ...piece, text };
};

/** Lines of columns, as wide as what is in them, under their heads. */
export const table = (heads: readonly string[], rows: readonly (readonly OutputPiece[])[]): readonly OutputLine[] => {
  const cells = [heads.map((text) => ({ as: 'dim', text }) as const), ...rows.map((row) => row.map(flat))];
  const widths = heads.map((_, at) => Math.max(...cells.map((row) => textIn(row[at] ?? '').length)));
  return cells.map((row) =>
    row.flatMap((piece, at) => {
      const isLast = at === row.length - 1;
      return isLast ? [piece] : [piece, ' '.repeat((widths[at] ?? 0) - textIn(piece).length + 2)];
    }),
  );
};

/** Lines of names and values, the values one below the other. */
export const facts = (
  pairs: readonly (readonly [name: string, value: OutputPiece | undefined])[],
): readonly OutputLine[] => {
  const told = pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const width = Math.max(0, ...told.map(([name]) => name.length));
  return told.map(([name, value]) => [{ as: 'dim', text: name.padEnd(width + 2) }, value]);
};
