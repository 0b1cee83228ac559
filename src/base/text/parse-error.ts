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

// Between two of the places that are kept of a text.
const stride = 1024;

/** Finds places in a text, in any order: it is read once, when the first of them is asked for, and then from the nearest place kept. */
export const placeFinder = (text: string): ((index: number) => Place) => {
  let kept: readonly Place[] | undefined;
  return (index) => {
    kept ??= placesIn(
      text,
      Array.from({ length: Math.floor(text.length / stride) + 1 }, (_, at) => at * stride),
    );
    const near = Math.min(Math.floor(Math.max(0, index) / stride), kept.length - 1);
    const from = kept[near] ?? { offset: 0, line: 1, column: 1 };
    const begin = near * stride;
    // A code point over the border of two strides was counted for the first.
    const first = begin > 0 && (text.codePointAt(begin - 1) ?? 0) > 0xffff ? begin + 1 : begin;
    const { offset, line, column } = placeIn(text.slice(first, begin + stride), Math.max(0, index - first));
    return {
      offset: from.offset + offset,
      line: from.line + line - 1,
      column: line === 1 ? from.column + column - 1 : column,
    };
  };
};

const mostTold = 10;

/** Throws when there are parse errors: the first of them as one. */
export const refuseParseErrors = (parseErrors: readonly ParseError[]): void => {
  if (parseErrors.length === 0) return;
  const more = parseErrors.length > mostTold ? `; and ${parseErrors.length - mostTold} more` : '';
  throw new ParseError(parseErrors.slice(0, mostTold).map(({ message }) => message).join('; ') + more); // prettier-ignore
};
