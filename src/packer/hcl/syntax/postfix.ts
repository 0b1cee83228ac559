import { elementName, type Expression } from './ast.ts';
import { deeper, here, newPart, parseInner, skipBlanks, startsWith, take, takeIdentifier, unexpected, withNewlines, type Cursor } from './cursor.ts'; // prettier-ignore
import { parseTerm } from './term.ts';

const digits = /\d+/y;

const takeDigits = (cursor: Cursor): number | undefined => {
  digits.lastIndex = cursor.at;
  const found = digits.exec(cursor.source.text)?.[0];
  if (found === undefined) return undefined;
  cursor.at += found.length;
  return Number(found);
};

const splat = (cursor: Cursor, of: Expression, begin: number, isFull: boolean): Expression => {
  const at = newPart(cursor, begin);
  const element: Expression = { kind: 'name', at, name: elementName };
  // Behind `.*` an index is one of the whole list; behind `[*]` one of each element.
  const each = deeper(cursor, () => parseSteps(cursor, element, isFull ? 'all' : 'attributes'));
  return { kind: 'splat', at, of, each };
};

const parseDot = (cursor: Cursor, of: Expression): Expression => {
  const begin = cursor.at;
  cursor.at += 1;
  skipBlanks(cursor);
  if (startsWith(cursor, '*')) {
    cursor.at += 1;
    return splat(cursor, of, begin, false);
  }
  const keyAt = here(cursor);
  const index = takeDigits(cursor);
  if (index !== undefined)
    return { kind: 'index', at: newPart(cursor, begin), of, key: { kind: 'literal', at: keyAt, value: index } };
  const name = takeIdentifier(cursor) ?? unexpected(cursor, 'the name of an attribute');
  return { kind: 'attribute', at: newPart(cursor, keyAt.offset), of, name };
};

const parseIndex = (cursor: Cursor, of: Expression): Expression => {
  const begin = cursor.at;
  cursor.at += 1;
  const key = withNewlines(cursor, 'blank', () => {
    skipBlanks(cursor);
    const isSplat = startsWith(cursor, '*');
    if (isSplat) cursor.at += 1;
    const inside = isSplat ? undefined : parseInner(cursor);
    skipBlanks(cursor);
    take(cursor, ']', 'at the end of the index');
    return inside;
  });
  return key === undefined ? splat(cursor, of, begin, true) : { kind: 'index', at: newPart(cursor, begin), of, key };
};

/** Reads the attributes, indexes and splats behind a term. */
const parseSteps = (cursor: Cursor, term: Expression, steps: 'all' | 'attributes'): Expression => {
  let of = term;
  for (;;) {
    const end = cursor.at;
    skipBlanks(cursor);
    if (startsWith(cursor, '.') && !startsWith(cursor, '...')) of = parseDot(cursor, of);
    else if (steps === 'all' && startsWith(cursor, '[')) of = parseIndex(cursor, of);
    else {
      cursor.at = end;
      return of;
    }
  }
};

export const parsePostfix = (cursor: Cursor): Expression => parseSteps(cursor, parseTerm(cursor), 'all');
