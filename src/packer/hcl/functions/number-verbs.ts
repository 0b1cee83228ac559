/** How cty's format writes numbers (go-cty's format.go, over Go's math/big). */

import { numberText } from '../values/number-text.ts';

export type NumberVerb = { readonly letter: string; readonly flags: string; readonly precision: number | undefined };

// ECMAScript's own functions write no more; a binary fraction of a usual size has no more.
const mostDigits = 100;

const prefixes: Readonly<Record<string, string>> = { b: '0b', o: '0', x: '0x', X: '0X' };

const bases: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16, X: 16 };

/** What lies halfway goes to the even digit, as in Go; ECMAScript rounds it up. `exact` has all the digits. */
const halfToEven = (up: string, exact: string, digits: number): string => {
  const point = exact.indexOf('.');
  const kept = exact.slice(0, digits === 0 ? point : point + 1 + digits);
  return /^\.?50*$/.test(exact.slice(kept.length)) && /[02468]$/.test(kept) ? kept : up;
};

const fixed = (size: number, precision: number): string => {
  const digits = Math.min(precision, mostDigits);
  const zeros = '0'.repeat(precision - digits);
  // From here on toFixed has an exponent.
  if (size >= 1e21) return `${numberText(size)}${precision === 0 ? '' : `.${'0'.repeat(precision)}`}`;
  return halfToEven(size.toFixed(digits), size.toFixed(mostDigits), digits) + zeros;
};

const scientific = (size: number, precision: number): string => {
  const digits = Math.min(precision, mostDigits);
  const [up = '', power = ''] = size.toExponential(digits).split('e');
  const [exact = '', exactPower = ''] = size.toExponential(mostDigits).split('e');
  const mantissa = halfToEven(up, exact, digits);
  const zeros = '0'.repeat(precision - digits);
  return `${mantissa}${zeros}e${(mantissa === up ? power : exactPower).replace(/^([+-])(\d)$/, '$10$2')}`;
};

/** Go's %g: with an exponent that is less than -4, or not less than the precision, for which 6 stands where none is asked for. */
const general = (size: number, precision: number | undefined): string => {
  const digits = precision === undefined ? undefined : Math.min(Math.max(precision, 1) - 1, mostDigits);
  const [mantissa = '', power = ''] =
    digits === undefined ? size.toExponential().split('e') : scientific(size, digits).split('e');
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  const isLarge = Number(power) >= (digits === undefined ? 6 : digits + 1);
  return isLarge || Number(power) < -4
    ? `${short}e${power.replace(/^([+-])(\d)$/, '$10$2')}`
    : numberText(Number(`${short}e${power}`));
};

const whole = (size: number, { letter, flags, precision }: NumberVerb): string => {
  const digits = letter === 'd' ? numberText(size) : size.toString(bases[letter]);
  const prefix = flags.includes('#') ? (prefixes[letter] ?? '') : '';
  return prefix + (letter === 'X' ? digits.toUpperCase() : digits).padStart(precision ?? 0, '0');
};

const withoutSign = (size: number, verb: NumberVerb): string | undefined => {
  const { letter, precision } = verb;
  switch (letter) {
    case 'd':
    case 'b':
    case 'o':
    case 'x':
    case 'X':
      return whole(size, verb);
    case 'e':
      return scientific(size, precision ?? 6);
    case 'E':
      return scientific(size, precision ?? 6).toUpperCase();
    case 'f':
    case 'F':
      return fixed(size, precision ?? 6);
    case 'g':
    case 'v':
      return general(size, precision);
    case 'G':
      return general(size, precision).toUpperCase();
    default:
      return undefined;
  }
};

/** Whether the verb writes whole numbers alone. */
export const isWholeVerb = (letter: string): boolean => letter === 'd' || Object.hasOwn(bases, letter);

/** The number as the verb writes it, not yet padded; undefined where it is no verb of numbers. */
export const numberAs = (value: number, verb: NumberVerb): string | undefined => {
  const text = withoutSign(Math.abs(value), verb);
  const sign = value < 0 ? '-' : verb.flags.includes('+') ? '+' : verb.flags.includes(' ') ? ' ' : '';
  return text === undefined ? undefined : sign + text;
};
