import { z } from 'zod';
import { bounds } from '../bounds.ts';
import { ParseError } from '../text/parse-error.ts';

export type Scalar = string | number | boolean;

/** The value of a variable: a text, a number or a bool; a list of those; or a map of those by key. */
export type VariableValue = Scalar | readonly Scalar[] | Readonly<Record<string, Scalar>>;

/** Values of variables by name. */
export type VariableValues = Readonly<Record<string, VariableValue>>;

export const variableTypes = ['string', 'number', 'bool', 'list', 'map'] as const;
export type VariableType = (typeof variableTypes)[number];

const Scalar = z.union([z.string().max(bounds.variableCharacters), z.number(), z.boolean()]);

const Key = z
  .string()
  .min(1)
  .max(128)
  .refine((key) => !key.includes('{{') && key !== '__proto__', 'is no key for a map: it must not hold "{{"');

/** Its form, whatever its type. */
export const VariableValue = z.union(
  [
    ...Scalar.options,
    z.array(Scalar).max(bounds.variableEntries),
    z
      .record(Key, Scalar)
      .refine(
        (map) => Object.keys(map).length <= bounds.variableEntries,
        `has more than ${bounds.variableEntries} keys`,
      ),
  ],
  `is neither a text of at most ${bounds.variableCharacters} characters, a number nor a bool, nor a list or map of those with at most ${bounds.variableEntries} entries`,
);

const named: Readonly<Record<VariableType, string>> = {
  string: 'a text',
  number: 'a number',
  bool: 'true or false',
  list: 'a list',
  map: 'a map',
};

export const isList = (value: VariableValue): value is readonly Scalar[] => Array.isArray(value);

export const typeOfValue = (value: VariableValue): VariableType =>
  isList(value)
    ? 'list'
    : typeof value === 'object'
      ? 'map'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value === 'number'
          ? 'number'
          : 'string';

/** What a text says where only texts can be sent; undefined when it is no value of that type. */
const fromText = (text: string, type: VariableType): VariableValue | undefined => {
  if (type === 'number') return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text) ? Number(text) : undefined;
  if (type === 'bool') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (text.length > bounds.variableCharacters) return undefined;
  try {
    return VariableValue.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};

/**
 * A value as a variable of that type takes it. Where a text was sent for another type, it is read: `3`, `true`, and JSON
 * for lists and maps. Throws a ParseError that does not show the value, which may be sensitive.
 */
export const asType = (given: VariableValue, type: VariableType): VariableValue => {
  const is = typeOfValue(given);
  if (is === type) return given;
  const read = typeof given === 'string' ? fromText(given, type) : undefined;
  if (read !== undefined && typeOfValue(read) === type) return read;
  const hint =
    type === 'string' && is === 'number'
      ? ': write the value in quotes, as 7.10 and 7.1 are the same number'
      : type === 'list' || type === 'map'
        ? ` of texts, numbers and bools${is === 'string' ? ', or its JSON as a text' : ''}`
        : '';
  throw new ParseError(`is ${named[is]}, and the variable is of the type ${type}: it takes ${named[type]}${hint}`);
};

/** Every text in it: what must be masked where it is sensitive. */
export const textsOfValue = (value: VariableValue): readonly string[] =>
  typeof value === 'object' ? Object.values(value).map(String) : [String(value)];
