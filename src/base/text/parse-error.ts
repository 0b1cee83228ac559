/** Where in a text something is wrong: all three count code points, line and column from 1. */
export type Place = { readonly offset: number; readonly line: number; readonly column: number };

/** Something wrong inside a text that a client wrote; the caller, which knows the text's pointer, makes a field error of it. */
export class ParseError extends Error {
  override readonly name = 'ParseError';
  readonly place: Place | undefined;

  constructor(message: string, place?: Place) {
    super(place === undefined ? message : `line ${place.line}, column ${place.column}: ${message}`);
    this.place = place;
  }
}

/** The place of a code point among the others. */
export const placeOf = (points: readonly string[], offset: number): Place => {
  const before = points.slice(0, offset);
  return {
    offset,
    line: before.filter((point) => point === '\n').length + 1,
    column: offset - before.lastIndexOf('\n'),
  };
};

/**
 * The places of the code points that begin at these indexes of a text, which go up. Nothing is made of the text, which
 * may be long, and it is read once.
 */
export const placesIn = (text: string, indexes: readonly number[]): readonly Place[] => {
  let [at, offset, line, begin] = [0, 0, 1, 0];
  return indexes.map((index) => {
    for (; at < index; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) {
      offset += 1;
      if (text[at] !== '\n') continue;
      line += 1;
      begin = offset;
    }
    return { offset, line, column: offset - begin + 1 };
  });
};

/** The place of the code point that begins at `index` of a text. */
export const placeIn = (text: string, index: number): Place => {
  const [place = { offset: 0, line: 1, column: 1 }] = placesIn(text, [index]);
  return place;
};

const mostTold = 10;

/** Throws when there are parse errors: the first of them as one. */
export const refuseParseErrors = (parseErrors: readonly ParseError[]): void => {
  if (parseErrors.length === 0) return;
  const more = parseErrors.length > mostTold ? `; and ${parseErrors.length - mostTold} more` : '';
  throw new ParseError(parseErrors.slice(0, mostTold).map(({ message }) => message).join('; ') + more); // prettier-ignore
};
