import type { Scalar, VariableValues } from '../../base/records/variable-value.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { hashPassword } from './hash.ts';
import { inMachine, isPasswordPath, passwordVariables } from './uses.ts';
import { kindOfPassword } from './forms.ts';
import { hasPlaceholders } from '../../template/language/expression.ts';

type Path = readonly (string | number)[];

const isPlain = (text: string): boolean => {
  try {
    return kindOfPassword(text) === 'plain';
  } catch (error) {
    // A text that cannot be a password was refused earlier.
    if (!(error instanceof ParseError)) throw error;
    return false;
  }
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The same value with some of its texts replaced; the very same when none is. */
const replaced = async (
  value: unknown,
  path: Path,
  replace: (text: string, path: Path) => Promise<string>,
): Promise<unknown> => {
  if (typeof value === 'string') return replace(value, path);
  if (!Array.isArray(value) && !isObject(value)) return value;
  const keys = Array.isArray(value) ? value.map((_, index) => index) : Object.keys(value);
  const entries: (readonly [string | number, unknown])[] = [];
  let isChanged = false;
  for (const key of keys) {
    const item: unknown = Array.isArray(value) ? value[Number(key)] : value[key];
    const made = await replaced(item, [...path, key], replace);
    isChanged ||= made !== item;
    entries.push([key, made]);
  }
  if (!isChanged) return value;
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
};

/**
 * A template document as it may be kept: every plain password in it, and every default of a variable that is nothing
 * but a password, is its bcrypt hash. The very same document when there is none.
 */
export const sealDocument = async (document: unknown, seed: string): Promise<unknown> => {
  const variables = passwordVariables(document);
  // The default itself, or an entry of it.
  const isDefault = (path: Path) => {
    const [first, name, key, , deeper] = inMachine(path);
    return first === 'variables' && key === 'default' && deeper === undefined && variables.has(String(name));
  };
  return replaced(document, [], async (text, path) => {
    const isPassword = isPasswordPath(path) || isDefault(path);
    if (!isPassword || hasPlaceholders(text) || !isPlain(text)) return text;
    return hashPassword(text, `${seed}\n${path.join('\n')}`);
  });
};

/** The values of a build's variables as they may be kept: those that are nothing but passwords are their hashes. */
export const sealVariables = async (document: unknown, sent: VariableValues, seed: string): Promise<VariableValues> => {
  const variables = passwordVariables(document);
  const seal = async <V extends Scalar>(value: V, place: string) =>
    typeof value === 'string' && isPlain(value) ? hashPassword(value, `${seed}\n${place}`) : value;
  const sealed = Object.entries(sent).map(async ([name, value]) => {
    if (!variables.has(name)) return [name, value] as const;
    const place = `variable ${name}`;
    if (typeof value !== 'object') return [name, await seal(value, place)] as const;
    const entries = Object.entries(value).map(async ([key, one]) => [key, await seal(one, `${place} ${key}`)] as const);
    const made = await Promise.all(entries);
    return [name, Array.isArray(value) ? made.map(([, one]) => one) : Object.fromEntries(made)] as const;
  });
  return Object.fromEntries(await Promise.all(sealed));
};
