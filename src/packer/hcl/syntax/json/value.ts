import { quoted } from '../../../../base/text/nearest.ts';
import { HclError } from '../../hcl-error.ts';
import type { At, HclSource } from '../../source.ts';
import { deeper, here, isAtEnd, newPart, placeAt, startsWith, take, unexpected, type Cursor } from '../cursor.ts';

/** A string, and the same as a source of its own, whose places are those of the file. */
export type JsonText = { readonly at: At; readonly kind: 'text'; readonly text: HclSource };

export type JsonMember = { readonly name: JsonText; readonly value: Json };

/** JSON as it is written: members in their order, names that come twice included. */
export type Json =
  | JsonText
  | { readonly at: At; readonly kind: 'literal'; readonly value: number | boolean | null }
  | { readonly at: At; readonly kind: 'list'; readonly items: readonly Json[] }
  | { readonly at: At; readonly kind: 'object'; readonly members: readonly JsonMember[] };

const blanks = /[ \t\r\n]*/y;
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.])/y;
const word = /(?:true|false|null)(?!\w)/y;

const takeMatch = (cursor: Cursor, pattern: RegExp): string | undefined => {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.source.text)?.[0];
  cursor.at += found?.length ?? 0;
  return found;
};

const skip = (cursor: Cursor): void => {
  takeMatch(cursor, blanks);
};

/** Where the unit at `offset` of a string stands in what was written of it, an escape at its backslash. */
const writtenOffset = (written: string, offset: number): number => {
  let at = 0;
  for (let unit = 0; unit < offset && at < written.length; unit += 1)
    at += written[at] !== '\\' ? 1 : written[at + 1] === 'u' ? 6 : 2;
  return at;
};

const parseText = (cursor: Cursor): JsonText => {
  const at = newPart(cursor, cursor.at);
  const found = takeMatch(cursor, string);
  if (found === undefined)
    throw new HclError(at, 'the string that begins here has no end on its line, or an escape that JSON does not have');
  const { source } = cursor;
  const written = found.slice(1, -1);
  const text: unknown = JSON.parse(found);
  const within = (offset: number) => ({ source, offset: at.offset + 1 + writtenOffset(written, offset) });
  return { at, kind: 'text', text: { name: source.name, text: String(text), within } };
};

/** Items between brackets, with commas between them and none behind the last. */
const parseItems = <T>(cursor: Cursor, close: ']' | '}', what: string, parseItem: () => T): readonly T[] => {
  const items: T[] = [];
  cursor.at += 1;
  skip(cursor);
  while (!startsWith(cursor, close)) {
    if (items.length > 0) {
      take(cursor, ',', `or ${quoted(close)} in the ${what}`);
      skip(cursor);
    }
    items.push(parseItem());
    skip(cursor);
  }
  cursor.at += 1;
  return items;
};

const parseMember = (cursor: Cursor): JsonMember => {
  if (!startsWith(cursor, '"')) unexpected(cursor, 'a name between double quotes');
  const name = parseText(cursor);
  skip(cursor);
  take(cursor, ':', `after ${quoted(name.text.text)}`);
  return { name, value: parseJson(cursor) };
};

const parseLiteral = (cursor: Cursor): Json => {
  const at = newPart(cursor, cursor.at);
  const written = takeMatch(cursor, word);
  if (written !== undefined) return { at, kind: 'literal', value: written === 'null' ? null : written === 'true' };
  const digits = takeMatch(cursor, number);
  if (digits === undefined) return unexpected(cursor, 'a value of JSON');
  const value = Number(digits);
  if (!Number.isFinite(value)) throw new HclError(at, 'is no number that can be kept');
  return { at, kind: 'literal', value };
};

/** Reads a value of JSON (RFC 8259) and the blanks before it. Throws an HclError. */
const parseJson = (cursor: Cursor): Json => {
  skip(cursor);
  const at = placeAt(cursor, cursor.at);
  if (startsWith(cursor, '"')) return parseText(cursor);
  if (startsWith(cursor, '{')) {
    newPart(cursor, cursor.at);
    const members = deeper(cursor, () => parseItems(cursor, '}', 'object', () => parseMember(cursor)));
    return { at, kind: 'object', members };
  }
  if (startsWith(cursor, '[')) {
    newPart(cursor, cursor.at);
    return { at, kind: 'list', items: deeper(cursor, () => parseItems(cursor, ']', 'list', () => parseJson(cursor))) };
  }
  return parseLiteral(cursor);
};

/** Reads a file that is one value of JSON. Throws an HclError. */
export const parseJsonFile = (cursor: Cursor): Json => {
  const value = parseJson(cursor);
  skip(cursor);
  if (!isAtEnd(cursor)) throw new HclError(here(cursor), 'the value of JSON has ended, and more follows');
  return value;
};
