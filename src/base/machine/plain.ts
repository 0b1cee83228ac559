// ECMA-48 sequences: CSI, OSC and DCS strings that end where they should, then the short ones. A sequence cut off at the
// end of the text counts. Lengths are bounded, so that garbage which only begins like a sequence hides little.
const escapes =
  /\x1b(?:\[[0-?]{0,32}[ -/]{0,4}(?:[@-~]|$)|\][^\x00-\x1f]{0,256}(?:\x07|\x1b\\)|[PX^_][^\x00-\x1f]{0,256}\x1b\\|[ -/]{0,4}[0-~]|$)/g;

/** A text without escape sequences, and where its characters stood before. */
export type Plain = {
  readonly text: string;
  /** The place in the text as it came that belongs to `index` in `text`. */
  readonly placeOf: (index: number) => number;
};

/** Takes the escape sequences out of a text; every other control character stays. */
export const plain = (came: string): Plain => {
  if (!came.includes('\x1b')) return { text: came, placeOf: (index) => index };
  const text = came.replace(escapes, '');
  return {
    text,
    placeOf: (index) => {
      let hidden = 0;
      for (const { 0: sequence, index: at } of came.matchAll(escapes)) {
        // A match ends right after its last character: the sequence that follows it is left for the next read.
        if (at - hidden >= index) break;
        hidden += sequence.length;
      }
      return index + hidden;
    },
  };
};

/** The lines of a text for people: as a terminal would leave them, without escape sequences and control characters. */
export const readableLines = (came: string): readonly string[] =>
  plain(came)
    .text.replace(/\r+\n|\n\r/g, '\n')
    .split('\n')
    .map((line) =>
      (line.split('\r').findLast((part) => part.trim() !== '') ?? '')
        // A spinner or an erased character is not what the line says: a backspace takes the character before it along.

        .replace(/[^\x08]?\x08 ?/g, '')

        .replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '')
        .trimEnd(),
    );

/** The last of them: at most `lines` lines and `length` characters. */
export const readable = (came: string, lines: number, length: number): string =>
  readableLines(came)
    .slice(-lines)
    .join('\n')
    .slice(-length)
    .replace(/^[\udc00-\udfff]/, '')
    .trim();
