/** Shorter values cannot be masked wherever they stand: their letters are all over a text. */
export const shortestSecret = 3;

// A text that is like a long value's beginning, again and again, must not cost more than this to compare.
const longestPiece = 64;

/** A hidden text in the pieces in which it is looked for: of one length, at most 64 characters. */
export const piecesOf = (text: string): readonly string[] => {
  const characters = /[\ud800-\udfff]/.test(text) ? [...text] : text;
  const count = Math.ceil(characters.length / longestPiece);
  const length = Math.ceil(characters.length / count);
  return Array.from({ length: count }, (_, n) => {
    const piece = characters.slice(n * length, (n + 1) * length);
    return typeof piece === 'string' ? piece : piece.join('');
  });
};
