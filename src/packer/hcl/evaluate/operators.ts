import { HclError } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { BinaryOperator, Expression } from '../syntax/ast.ts';
import type { Budget } from '../values/budget.ts';
import { isEqual } from '../values/compare.ts';
import { toBool, toNumber } from '../values/convert.ts';
import { rounded } from '../values/number-text.ts';
import type { Value } from '../values/value.ts';

type Operands = { readonly left: Value; readonly right: Value; readonly leftAt: At; readonly rightAt: At };

const finite = (value: number, at: At): number => {
  if (!Number.isFinite(value)) throw new HclError(at, 'the result is no number that can be kept');
  return rounded(value);
};

const divided = (one: number, other: number, at: At, operate: (one: number, other: number) => number): number => {
  if (other === 0) throw new HclError(at, 'cannot divide by zero');
  return finite(operate(one, other), at);
};

const ofNumbers = (operator: BinaryOperator, one: number, other: number, at: At): Value => {
  switch (operator) {
    case '<':
      return one < other;
    case '>':
      return one > other;
    case '<=':
      return one <= other;
    case '>=':
      return one >= other;
    case '+':
      return finite(one + other, at);
    case '-':
      return finite(one - other, at);
    case '*':
      return finite(one * other, at);
    case '/':
      return divided(one, other, at, (dividend, divisor) => dividend / divisor);
    default:
      return divided(one, other, at, (dividend, divisor) => dividend % divisor);
  }
};

/** An operation on two values, both of which are worked out in any case. Throws an HclError. */
export const operate = (
  { at, operator }: Extract<Expression, { kind: 'binary' }>,
  { left, right, leftAt, rightAt }: Operands,
  budget: Budget,
): Value => {
  if (operator === '==') return isEqual(left, right, at, budget);
  if (operator === '!=') return !isEqual(left, right, at, budget);
  if (operator === '&&' || operator === '||') {
    const [one, other] = [toBool(left, leftAt), toBool(right, rightAt)];
    return operator === '&&' ? one && other : one || other;
  }
  return ofNumbers(operator, toNumber(left, leftAt), toNumber(right, rightAt), at);
};
