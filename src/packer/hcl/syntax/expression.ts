import type { BinaryOperator, Expression } from './ast.ts';
import { deeper, newPart, skipBlanks, startsWith, take, type Cursor } from './cursor.ts';
import { parsePostfix } from './postfix.ts';

// Those of one row bind equally, each row tighter than the one above. Within a row the longer comes first.
const levels: readonly (readonly BinaryOperator[])[] = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<=', '>=', '<', '>'],
  ['+', '-'],
  ['*', '/', '%'],
];

const operatorHere = (cursor: Cursor, level: number): BinaryOperator | undefined => {
  const operator = levels[level]?.find((one) => startsWith(cursor, one));
  // Not "=>", and not the "%{" of a template around.
  return operator === '%' && startsWith(cursor, '%{') ? undefined : operator;
};

const parseUnary = (cursor: Cursor): Expression => {
  skipBlanks(cursor);
  const begin = cursor.at;
  const operator = (['-', '!'] as const).find((one) => startsWith(cursor, one) && !startsWith(cursor, '!='));
  if (operator === undefined) return parsePostfix(cursor);
  cursor.at += 1;
  const of = deeper(cursor, () => parseUnary(cursor));
  return { kind: 'unary', at: newPart(cursor, begin), operator, of };
};

const parseBinary = (cursor: Cursor, level: number): Expression => {
  if (level === levels.length) return parseUnary(cursor);
  let left = parseBinary(cursor, level + 1);
  for (;;) {
    skipBlanks(cursor);
    const operator = operatorHere(cursor, level);
    if (operator === undefined) return left;
    const at = newPart(cursor, cursor.at);
    cursor.at += operator.length;
    left = { kind: 'binary', at, operator, left, right: parseBinary(cursor, level + 1) };
  }
};

/** Reads an expression, and the blanks around it. */
export const parseExpression = (cursor: Cursor): Expression =>
  deeper(cursor, () => {
    const test = parseBinary(cursor, 0);
    if (!startsWith(cursor, '?')) return test;
    const at = newPart(cursor, cursor.at);
    cursor.at += 1;
    const yes = parseExpression(cursor);
    take(cursor, ':', 'of the conditional');
    return { kind: 'conditional', at, test, yes, no: parseExpression(cursor) };
  });
