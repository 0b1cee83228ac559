import type { Expression, Item, Loop } from './ast.ts';
import {
  here,
  isAtEnd,
  newlineLength,
  newPart,
  parseInner,
  skipBlanks,
  skipLines,
  startsWith,
  take,
  takeIdentifier,
  unexpected,
  withNewlines,
  type Cursor,
} from './cursor.ts';

/** Whether a word stands here, alone. */
const isWord = (cursor: Cursor, word: string): boolean => takeIdentifier({ ...cursor }) === word;

/** `k, v in over`, behind the word "for". */
export const parseLoop = (cursor: Cursor): Loop => {
  const name = () => {
    skipBlanks(cursor);
    return takeIdentifier(cursor) ?? unexpected(cursor, 'a name for the elements');
  };
  const first = name();
  skipBlanks(cursor);
  let second: string | undefined;
  if (startsWith(cursor, ',')) {
    cursor.at += 1;
    second = name();
    skipBlanks(cursor);
  }
  if (!isWord(cursor, 'in')) unexpected(cursor, '"in"');
  cursor.at += 2;
  const over = parseInner(cursor);
  return { keyName: second === undefined ? undefined : first, valueName: second ?? first, over };
};

/** A for expression, whose word "for" the cursor stands at. */
const parseFor = (cursor: Cursor, begin: number, close: ']' | '}'): Expression =>
  withNewlines(cursor, 'blank', () => {
    const at = newPart(cursor, begin);
    cursor.at += 'for'.length;
    const loop = parseLoop(cursor);
    take(cursor, ':', 'of the for expression');
    const first = parseInner(cursor);
    let key: Expression | undefined;
    let value = first;
    if (close === '}') {
      take(cursor, '=>', 'between key and value');
      key = first;
      value = parseInner(cursor);
    }
    const isGrouped = close === '}' && startsWith(cursor, '...');
    if (isGrouped) cursor.at += 3;
    skipBlanks(cursor);
    let where: Expression | undefined;
    if (isWord(cursor, 'if')) {
      cursor.at += 2;
      where = parseInner(cursor);
    }
    take(cursor, close, 'at the end of the for expression');
    return { kind: 'for', at, ...loop, key, value, where, isGrouped };
  });

export const parseList = (cursor: Cursor): Expression =>
  withNewlines(cursor, 'blank', () => {
    const begin = cursor.at;
    cursor.at += 1;
    skipBlanks(cursor);
    if (isWord(cursor, 'for')) return parseFor(cursor, begin, ']');
    const items: Expression[] = [];
    while (!startsWith(cursor, ']')) {
      items.push(parseInner(cursor));
      skipBlanks(cursor);
      if (!startsWith(cursor, ',')) break;
      cursor.at += 1;
      skipBlanks(cursor);
    }
    if (!startsWith(cursor, ']')) unexpected(cursor, '"," or "]" in the list');
    cursor.at += 1;
    return { kind: 'list', at: newPart(cursor, begin), items };
  });

/** A name is a key as it stands; anything else is worked out, a name too where it stands in brackets. */
const parseKey = (cursor: Cursor): Expression => {
  const at = here(cursor);
  const start = cursor.at;
  const name = takeIdentifier(cursor);
  if (name !== undefined) {
    skipBlanks(cursor);
    if (startsWith(cursor, '=') || startsWith(cursor, ':')) return { kind: 'literal', at, value: name };
    cursor.at = start;
  }
  const key = parseInner(cursor);
  const isPlain = key.kind === 'literal' || key.kind === 'template' || startsWith({ ...cursor, at: start }, '(');
  if (!isPlain && (startsWith(cursor, '=') || startsWith(cursor, ':'))) {
    cursor.at = start;
    unexpected(cursor, 'a key', ': an expression as a key stands in brackets, as in (var.name) = 1');
  }
  return key;
};

const parseItem = (cursor: Cursor): Item => {
  const key = parseKey(cursor);
  skipBlanks(cursor);
  if (!startsWith(cursor, '=') && !startsWith(cursor, ':')) unexpected(cursor, '"=" or ":" after the key');
  if (startsWith(cursor, '==') || startsWith(cursor, '=>')) unexpected(cursor, '"=" alone');
  cursor.at += 1;
  return { key, value: parseInner(cursor) };
};

export const parseObject = (cursor: Cursor): Expression =>
  withNewlines(cursor, 'end', () => {
    const begin = cursor.at;
    cursor.at += 1;
    skipLines(cursor);
    if (isWord(cursor, 'for')) return parseFor(cursor, begin, '}');
    const items: Item[] = [];
    while (!startsWith(cursor, '}')) {
      items.push(parseItem(cursor));
      skipBlanks(cursor);
      const isNext = startsWith(cursor, ',');
      if (isNext) cursor.at += 1;
      else if (!startsWith(cursor, '}') && newlineLength(cursor) === 0)
        unexpected(cursor, '",", a new line or "}" in the object');
      skipLines(cursor);
      if (isAtEnd(cursor)) unexpected(cursor, '"}" of the object');
    }
    cursor.at += 1;
    return { kind: 'object', at: newPart(cursor, begin), items };
  });
