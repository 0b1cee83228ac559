import { HclError } from '../hcl-error.ts';
import type { Expression } from './ast.ts';
import { here, isAtEnd, newlineLength, newPart, placeAt, startsWith, type Cursor } from './cursor.ts';
import { partsOf } from './parts.ts';
import { takeSequence, type SyntaxToken } from './sequence.ts';

const simple: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };
const unicode = /u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})/y;

/** The character that the escape at the cursor, a backslash, stands for. */
const takeEscape = (cursor: Cursor): string => {
  const { text } = cursor.source;
  const letter = text[cursor.at + 1] ?? '';
  const plain = Object.hasOwn(simple, letter) ? simple[letter] : undefined;
  if (plain !== undefined) {
    cursor.at += 2;
    return plain;
  }
  unicode.lastIndex = cursor.at + 1;
  const match = unicode.exec(text);
  const code = Number.parseInt(match?.[1] ?? match?.[2] ?? '', 16);
  if (match === null || code > 0x10ffff)
    throw new HclError(here(cursor), 'is no escape: there is \\n \\r \\t \\" \\\\ \\uNNNN \\UNNNNNNNN'); // prettier-ignore
  if (code >= 0xd800 && code <= 0xdfff)
    throw new HclError(here(cursor), 'is half a character: write the whole one as \\UNNNNNNNN');
  cursor.at += 1 + match[0].length;
  return String.fromCodePoint(code);
};

const plainText = /[^"\\\r\n$%]+/y;

/** The literal text in front of the next `${`, `%{` or quote. */
const takeText = (cursor: Cursor, opened: number): SyntaxToken => {
  const at = newPart(cursor, cursor.at);
  let text = '';
  while (!startsWith(cursor, '"') && !startsWith(cursor, '${') && !startsWith(cursor, '%{')) {
    if (isAtEnd(cursor) || newlineLength(cursor) > 0)
      throw new HclError(placeAt(cursor, opened), 'the string that begins here does not end on its line: write \\n for a new line, or use <<EOT'); // prettier-ignore
    plainText.lastIndex = cursor.at;
    const plain = plainText.exec(cursor.source.text)?.[0];
    if (plain !== undefined) {
      text += plain;
      cursor.at += plain.length;
    } else if (startsWith(cursor, '\\')) text += takeEscape(cursor);
    else if (startsWith(cursor, '$${') || startsWith(cursor, '%%{')) {
      text += cursor.source.text.slice(cursor.at + 1, cursor.at + 3);
      cursor.at += 3;
    } else {
      text += cursor.source.text[cursor.at] ?? '';
      cursor.at += 1;
    }
  }
  return { kind: 'text', at, text };
};

const takeTokens = (cursor: Cursor): readonly SyntaxToken[] => {
  const opened = cursor.at;
  const tokens: SyntaxToken[] = [];
  cursor.at += 1;
  while (!startsWith(cursor, '"')) tokens.push(takeSequence(cursor) ?? takeText(cursor, opened));
  cursor.at += 1;
  return tokens;
};

/** A string between quotes, which is a template. */
export const parseQuoted = (cursor: Cursor): Expression => {
  const begin = cursor.at;
  const parts = partsOf(takeTokens(cursor), placeAt(cursor, begin));
  const at = newPart(cursor, begin);
  const [first, second] = parts;
  if (first === undefined) return { kind: 'literal', at, value: '' };
  return first.kind === 'text' && second === undefined
    ? { kind: 'literal', at, value: first.text }
    : { kind: 'template', at, parts };
};

/** The label of a block between quotes: a text, and no template. */
export const parseLabelText = (cursor: Cursor): string => {
  const at = here(cursor);
  const quotedText = parseQuoted(cursor);
  if (quotedText.kind !== 'literal') throw new HclError(at, 'the label of a block is a text without ${ } and %{ }');
  return String(quotedText.value);
};
