const segments = new Intl.Segmenter('en', { granularity: 'grapheme' });

// What joins nothing: all below the combining marks, but for the CR of a CR LF.
const isSimple = /^[^\r\u0300-\u{10ffff}]*$/u;

/** The characters of a text as people count them, as cty does: a letter with its accents is one, and so is CR LF. */
export const charactersOf = (text: string): readonly string[] =>
  isSimple.test(text) ? [...text] : Array.from(segments.segment(text), ({ segment }) => segment);
