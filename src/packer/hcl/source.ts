import { placeFinder } from '../../base/text/parse-error.ts';
import { visible } from '../../base/text/visible.ts';

/** One file of a template, as it came, or a text that stands in one with escapes. */
export type HclSource = {
  readonly name: string;
  readonly text: string;
  /** Of a text within a file: where the character at an offset of it stands there. */
  readonly within?: (offset: number) => At;
};

/** A place in it: where the character at `offset` of its text stands. */
export type At = { readonly source: HclSource; readonly offset: number };

/** The same for people: line and column count from 1, columns in code points. */
export type HclPlace = { readonly file: string; readonly line: number; readonly column: number };

/** The place in the file itself. */
const inFile = (at: At): At => at.source.within?.(at.offset) ?? at;

// A file may be wrong in many places.
const finders = new WeakMap<HclSource, ReturnType<typeof placeFinder>>();

const finderOf = (source: HclSource): ReturnType<typeof placeFinder> => {
  const known = finders.get(source);
  if (known !== undefined) return known;
  const made = placeFinder(source.text);
  finders.set(source, made);
  return made;
};

export const placeOf = (at: At): HclPlace => {
  const { source, offset } = inFile(at);
  const { line, column } = finderOf(source)(offset);
  return { file: source.name, line, column };
};

// What is shown of a line in front of a place, and behind it.
const shownBefore = 60;
const shownBehind = 40;

/** The line that a place is in, with a caret below the place. A long one is cut around it. */
const caretLines = ({ source: { text }, offset }: At): string => {
  const shown = (part: string) => visible(part.replaceAll('\r', ''));
  const before = shown(text.slice(Math.max(0, offset - shownBefore), offset).replace(/^[^]*\n/, ''));
  const behind = shown(text.slice(offset, offset + shownBehind).replace(/\n[^]*/, ''));
  return `  ${before}${behind}\n  ${before.replace(/[^\t]/gu, ' ')}^`;
};

/** `file:line:column`. */
export const pointerAt = (at: At): string => {
  const { file, line, column } = placeOf(at);
  return `${visible(file)}:${line}:${column}`;
};

/** A message, then its line with a caret below the place. */
export const withLine = (at: At, message: string): string => `${message}\n${caretLines(inFile(at))}`;
