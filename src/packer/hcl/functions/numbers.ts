import { numberText, rounded } from '../values/number-text.ts';
import { manyArgs, type HclCall, type FunctionTable } from './kind.ts';

const finite = (call: HclCall, value: number): number =>
  Number.isFinite(value) ? rounded(value) : call.refuse(0, 'the result is no number that can be kept');

const all = (call: HclCall): readonly number[] => call.args.map((_, index) => call.number(index));

// Up to base 36 capitals are the same as small letters.
const allDigits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

const parsed = (call: HclCall): number => {
  const [text, base] = [call.text(0), call.whole(1)];
  if (base < 2 || base > 62) call.refuse(1, `a base lies between 2 and 62, and this is ${base}`);
  const [, sign = '', digits = ''] = /^([+-]?)(.*)$/s.exec(base > 36 ? text : text.toLowerCase()) ?? [];
  const values = [...digits].map((one) => allDigits.indexOf(one));
  const value = values.reduce((sum, digit) => sum * base + digit, 0) * (sign === '-' ? -1 : 1);
  if (digits === '' || values.some((digit) => digit < 0 || digit >= base) || !Number.isSafeInteger(value))
    call.refuse(0, `is no whole number in base ${base}, or one that is too large`);
  return value;
};

const summed = (call: HclCall): number => {
  const elements = call.elements(0);
  if (elements.length === 0) call.refuse(0, 'the sum of an empty list is asked for');
  return finite(
    call,
    elements.reduce<number>((sum, one) => sum + Number(typeof one === 'object' ? NaN : one), 0),
  );
};

export const numbers: FunctionTable = {
  abs: { takes: [1, 1], gives: (call) => Math.abs(call.number(0)) },
  ceil: { takes: [1, 1], gives: (call) => Math.ceil(call.number(0)) },
  floor: { takes: [1, 1], gives: (call) => Math.floor(call.number(0)) },
  log: { takes: [2, 2], gives: (call) => finite(call, Math.log(call.number(0)) / Math.log(call.number(1))) },
  max: { takes: [1, manyArgs], gives: (call) => all(call).reduce((one, other) => Math.max(one, other)) },
  min: { takes: [1, manyArgs], gives: (call) => all(call).reduce((one, other) => Math.min(one, other)) },
  parseint: { takes: [2, 2], gives: parsed },
  pow: { takes: [2, 2], gives: (call) => finite(call, call.number(0) ** call.number(1)) },
  signum: { takes: [1, 1], gives: (call) => Number(numberText(Math.sign(call.number(0)))) },
  sum: { takes: [1, 1], gives: summed },
};
