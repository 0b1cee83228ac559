import { quoted } from '../../../base/text/nearest.ts';
import { HclError } from '../hcl-error.ts';
import type { At } from '../source.ts';
import { numberText } from './number-text.ts';
import { elementsOf, isList, isObject, aKindOf, type List, type Obj, type Value } from './value.ts';

/** A conversion that fails: what was wanted, and what there was. */
const wrongKind = (value: Value, at: At, wanted: string): HclError =>
  new HclError(at, `${wanted} is needed, and this is ${aKindOf(value)}`);

/** The text of a string, a number or a bool. Throws an HclError. */
export const toText = (value: Value, at: At): string => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'boolean') return String(value);
  throw wrongKind(value, at, 'a string');
};

const decimal = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Values of one type, as a list or a set has them: beside a text, numbers and bools are texts as well. */
export const ofOneType = (values: List, at: At): List => {
  const isMixed =
    values.some((one) => typeof one === 'string') && values.every((one) => !isList(one) && !isObject(one));
  return isMixed ? values.map((one) => (one === null ? one : toText(one, at))) : values;
};

/** A number, or the one that a string is the text of. Throws an HclError. */
export const toNumber = (value: Value, at: At): number => {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') {
    const found = decimal.test(value) ? Number(value) : NaN;
    if (Number.isFinite(found)) return found;
    throw new HclError(at, `a number is needed, and this is the string ${quoted(value)}`);
  }
  throw wrongKind(value, at, 'a number');
};

export const toWhole = (value: Value, at: At): number => {
  const found = toNumber(value, at);
  if (!Number.isSafeInteger(found))
    throw new HclError(at, `a whole number is needed, and this is ${numberText(found)}`);
  return found;
};

/** A bool, or the one that a string is the text of. Throws an HclError. */
export const toBool = (value: Value, at: At): boolean => {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  if (typeof value === 'string')
    throw new HclError(at, `true or false is needed, and this is the string ${quoted(value)}`);
  throw wrongKind(value, at, 'true or false');
};

/** The elements of a list or a set. Throws an HclError. */
export const toElements = (value: Value, at: At): List => {
  const elements = elementsOf(value);
  if (elements === undefined) throw wrongKind(value, at, 'a list');
  return elements;
};

export const toObject = (value: Value, at: At): Obj => {
  if (isObject(value)) return value;
  throw wrongKind(value, at, 'an object');
};
