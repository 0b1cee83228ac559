import type { Expression } from './ast.ts';
import { parseList, parseObject } from './collection.ts';
import { newPart, parseInner, skipBlanks, startsWith, take, takeIdentifier, unexpected, withNewlines, type Cursor } from './cursor.ts'; // prettier-ignore
import { parseHeredoc } from './heredoc.ts';
import { parseQuoted } from './quoted.ts';

const keywords: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };

const number = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

const parseNumber = (cursor: Cursor): Expression | undefined => {
  const begin = cursor.at;
  number.lastIndex = begin;
  const text = number.exec(cursor.source.text)?.[0];
  if (text === undefined) return undefined;
  cursor.at += text.length;
  if (takeIdentifier({ ...cursor }) !== undefined) unexpected(cursor, `the end of the number ${text}`);
  const value = Number(text);
  if (!Number.isFinite(value)) unexpected(cursor, 'a number that can be kept');
  return { kind: 'literal', at: newPart(cursor, begin), value };
};

/** The arguments of a call, whose "(" is passed over. */
const parseCall = (cursor: Cursor, name: string, begin: number): Expression =>
  withNewlines(cursor, 'blank', () => {
    const at = newPart(cursor, begin);
    const args: Expression[] = [];
    let isExpanded = false;
    skipBlanks(cursor);
    while (!startsWith(cursor, ')')) {
      args.push(parseInner(cursor));
      skipBlanks(cursor);
      if (startsWith(cursor, '...')) {
        isExpanded = true;
        cursor.at += 3;
        skipBlanks(cursor);
        break;
      }
      if (!startsWith(cursor, ',')) break;
      cursor.at += 1;
      skipBlanks(cursor);
    }
    take(cursor, ')', `after the arguments of ${name}`);
    return { kind: 'call', at, name, args, isExpanded };
  });

const parseGroup = (cursor: Cursor): Expression =>
  withNewlines(cursor, 'blank', () => {
    cursor.at += 1;
    const inside = parseInner(cursor);
    skipBlanks(cursor);
    take(cursor, ')', 'at the end of the group');
    return inside;
  });

/** Reads a literal, a template, a name, a call, a list, an object, a for expression, or a group. */
export const parseTerm = (cursor: Cursor): Expression => {
  skipBlanks(cursor);
  const begin = cursor.at;
  if (startsWith(cursor, '"')) return parseQuoted(cursor);
  if (startsWith(cursor, '<<')) return parseHeredoc(cursor);
  if (startsWith(cursor, '(')) return parseGroup(cursor);
  if (startsWith(cursor, '[')) return parseList(cursor);
  if (startsWith(cursor, '{')) return parseObject(cursor);
  const literal = parseNumber(cursor);
  if (literal !== undefined) return literal;
  const name = takeIdentifier(cursor);
  if (name === undefined) {
    const hint = startsWith(cursor, "'") ? ': a string stands between double quotes' : '';
    return unexpected(cursor, 'an expression', hint);
  }
  if (startsWith(cursor, '(')) {
    cursor.at += 1;
    return parseCall(cursor, name, begin);
  }
  const at = newPart(cursor, begin);
  return Object.hasOwn(keywords, name)
    ? { kind: 'literal', at, value: keywords[name] ?? null }
    : { kind: 'name', at, name };
};
