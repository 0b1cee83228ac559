import { hclBounds } from '../../../base/bounds.ts';
import { quoted } from '../../../base/text/nearest.ts';
import { HclError, TooMuch } from '../hcl-error.ts';
import type { At, HclSource } from '../source.ts';
import type { Expression } from './ast.ts';

/** What may be made of all files together; each part that is made counts. */
export type Allowance = { parts: number };

/** Where the parser stands in a file. */
export type Cursor = {
  readonly source: HclSource;
  readonly allowance: Allowance;
  /** How an expression is read: what is in one is read by files that it is made of. */
  readonly parseExpression: (cursor: Cursor) => Expression;
  at: number;
  /** Between brackets a newline is a blank; elsewhere it ends an attribute or an item. */
  newlines: 'blank' | 'end';
  depth: number;
};

export const cursorOf = (
  source: HclSource,
  allowance: Allowance,
  parseExpression: Cursor['parseExpression'],
): Cursor => ({
  source,
  allowance,
  parseExpression,
  at: 0,
  newlines: 'end',
  depth: 0,
});

/** Reads an expression within another one, and the blanks around it. */
export const parseInner = (cursor: Cursor): Expression => cursor.parseExpression(cursor);

export const placeAt = ({ source }: Cursor, offset: number): At => ({ source, offset });

export const here = (cursor: Cursor): At => placeAt(cursor, cursor.at);

/** Counts one more part of the files, and gives its place. */
export const newPart = (cursor: Cursor, offset: number): At => {
  const at = placeAt(cursor, offset);
  if (++cursor.allowance.parts > hclBounds.parts)
    throw new TooMuch(at, `the files have more than ${hclBounds.parts} attributes, blocks and parts of expressions`);
  return at;
};

export const startsWith = ({ source, at }: Cursor, text: string): boolean => source.text.startsWith(text, at);

export const isAtEnd = ({ source, at }: Cursor): boolean => at >= source.text.length;

/** The end of the line that `from` is in: of its newline, or of the text. */
export const endOfLine = ({ source: { text } }: Cursor, from: number): number => {
  const newline = text.indexOf('\n', from);
  return newline === -1 ? text.length : newline + 1;
};

const newlineAt = /\r?\n/y;

/** The length of the newline where the cursor stands, or 0. */
export const newlineLength = ({ source, at }: Cursor): number => {
  newlineAt.lastIndex = at;
  return newlineAt.exec(source.text)?.[0].length ?? 0;
};

const spaces = /[ \t]+/y;

/** Passes over spaces and comments, and over newlines where they are blanks. */
export const skipBlanks = (cursor: Cursor): void => {
  const { text } = cursor.source;
  for (;;) {
    spaces.lastIndex = cursor.at;
    const length = spaces.exec(text)?.[0].length ?? 0;
    cursor.at += length;
    if (startsWith(cursor, '/*')) {
      const end = text.indexOf('*/', cursor.at + 2);
      if (end === -1) throw new HclError(here(cursor), 'the comment has no end: write "*/" behind it');
      cursor.at = end + 2;
    } else if (startsWith(cursor, '#') || startsWith(cursor, '//')) {
      // The newline behind it stays: a comment ends an attribute as well.
      const end = text.indexOf('\n', cursor.at);
      cursor.at = end === -1 ? text.length : end;
    } else if (cursor.newlines === 'blank' && newlineLength(cursor) > 0) cursor.at += newlineLength(cursor);
    else if (length === 0) return;
  }
};

/** Passes over blanks and newlines, whatever a newline means here. */
export const skipLines = (cursor: Cursor): void => withNewlines(cursor, 'blank', () => skipBlanks(cursor));

/** Reads something within which newlines have another meaning. */
export const withNewlines = <T>(cursor: Cursor, newlines: Cursor['newlines'], read: () => T): T => {
  const before = cursor.newlines;
  cursor.newlines = newlines;
  const found = read();
  cursor.newlines = before;
  return found;
};

/** Reads something that lies one level deeper. */
export const deeper = <T>(cursor: Cursor, read: () => T): T => {
  cursor.depth += 1;
  if (cursor.depth > hclBounds.depth) throw new TooMuch(here(cursor), `nests deeper than ${hclBounds.depth} levels`);
  const found = read();
  cursor.depth -= 1;
  return found;
};

// Unicode's identifiers (UAX 31), which may hold dashes.
const identifier = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy;

/** The identifier where the cursor stands, passed over; undefined when there is none. */
export const takeIdentifier = (cursor: Cursor): string | undefined => {
  identifier.lastIndex = cursor.at;
  const name = identifier.exec(cursor.source.text)?.[0];
  if (name !== undefined) cursor.at += name.length;
  return name;
};

/** What stands at the cursor, for a message. */
const found = (cursor: Cursor): string => {
  if (isAtEnd(cursor)) return 'the end of the file';
  if (newlineLength(cursor) > 0) return 'the end of the line';
  const word = takeIdentifier({ ...cursor });
  return quoted(word ?? String.fromCodePoint(cursor.source.text.codePointAt(cursor.at) ?? 0));
};

/** Throws: `due` was due where the cursor stands. */
export const unexpected = (cursor: Cursor, due: string, hint = ''): never => {
  throw new HclError(here(cursor), `${due} was due, not ${found(cursor)}${hint}`);
};

/** Passes over `text`, which must stand here. */
export const take = (cursor: Cursor, text: string, where: string): void => {
  if (!startsWith(cursor, text)) unexpected(cursor, `${quoted(text)} ${where}`);
  cursor.at += text.length;
};
