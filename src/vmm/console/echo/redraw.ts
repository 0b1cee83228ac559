// OpenBSD's ksh(1) and its kin show a line that is longer than the terminal through a window. When the cursor comes to its
// right edge, they go back by CR, show the last part of the line again, wipe the rest with blanks, mark the edge with `<`,
// and go back over the blanks and the mark (bin/ksh/emacs.c, x_adjust and x_redraw). Columns and prompt decide how much is
// shown. A CR may be followed by a backspace where the part begins within a character of several bytes.
const shape = /\r\x08?([^\x00-\x1f\x7f]*)(\x08+)/g;
const begun = /\r\x08?([^\x00-\x1f\x7f]*)\x08*$/;

/** A line that was drawn again: where it stands in a text, and what it shows in front of the cursor. */
export type Redraw = { readonly at: number; readonly length: number; readonly shows: string };

const wipes = (text: string) => /^ *<?$/.test(text);

/** The redraws in a text without escape sequences, in their order. */
export const redrawsIn = (text: string): readonly Redraw[] =>
  Array.from(text.matchAll(shape), ({ 0: whole, 1: drawn = '', 2: back = '', index }) => {
    const wiped = drawn.length - back.length;
    return wiped >= 0 && wipes(drawn.slice(wiped))
      ? [{ at: index, length: whole.length, shows: drawn.slice(0, wiped) }]
      : [];
  }).flat();

/** What may be the beginning of a redraw at the end of a text: where it stands, and what it has drawn so far. */
export const redrawBegunIn = (text: string): { readonly at: number; readonly drawn: string } | undefined => {
  // The search must not begin anew at each CR of a long text.
  const cr = text.lastIndexOf('\r');
  const match = cr < 0 ? null : begun.exec(text.slice(cr));
  return match === null ? undefined : { at: cr, drawn: match[1] ?? '' };
};

/** The length of the redraw of `line` that a text begins with; `begun` when it may become one; 0 when there is none. */
export const redrawInFront = (text: string, line: string): number | 'begun' => {
  const first = redrawsIn(text)[0];
  if (first?.at === 0 && line.endsWith(first.shows)) return first.length;
  return redrawBegunIn(text)?.at === 0 ? 'begun' : 0;
};
