/**
 * A key whose whole value is `{{ name }}` takes the value of a variable that is no text: a list or a map always, a
 * number or a bool where the key takes no text. Only numbers and bools are put in as they are: for each text of a list
 * or a map stands a placeholder, so what a client sends is never read as a template.
 */

import type { z } from 'zod';
import { bounds } from '../../base/bounds.ts';
import { pointerTo } from '../../base/json/pointer.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import {
  asType,
  isList,
  type Scalar,
  type VariableValue,
  type VariableValues,
} from '../../base/records/variable-value.ts';
import { onlyNameIn } from '../language/variable-names.ts';
import type { Variables } from './variables.ts';

type Declared = z.output<typeof Variables>[string];
type Path = readonly (string | number)[];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

// What a template is judged by before a value is known.
const samples = { string: '', number: 1, bool: false, list: [''], map: {} } as const;

/** The value that is sent, else the default; where there is none that fits, one that stands in for it. */
const valueOf = ({ type, default: fallback, choices }: Declared, sent: VariableValue | undefined): VariableValue => {
  const [choice] = choices ?? [];
  const standIn = fallback ?? (type === 'list' || choice === undefined ? samples[type] : choice);
  if (sent === undefined) return standIn;
  try {
    return asType(sent, type);
  } catch (error) {
    // `resolve` reports it.
    if (!(error instanceof ParseError)) throw error;
    return standIn;
  }
};

const entry = (name: string, key: string, value: Scalar): unknown =>
  typeof value === 'string' ? `{{ index ${name} ${JSON.stringify(key)} }}` : value;

/** What is put in for `{{ name }}`, and how many values that makes. */
const madeOf = (name: string, value: VariableValue): { readonly made: unknown; readonly count: number } => {
  if (typeof value !== 'object') return { made: value, count: 1 };
  const entries = Object.entries(value).map(([key, one]) => [key, entry(name, key, one)] as const);
  const made = isList(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries);
  return { made, count: entries.length };
};

const isProse = ([first, , third]: Path): boolean =>
  first === 'variables' || first === 'name' || (first === 'description' && third === undefined);

/**
 * Makes the function that puts values in, but for the numbers and bools at the pointers it is given. What would make
 * more values than a template may have stays as it is.
 */
export const typedPlaces = (
  document: unknown,
  schema: typeof Variables,
  sent: VariableValues,
): ((texts: ReadonlySet<string>) => unknown) => {
  const declared = (isObject(document) ? schema.safeParse(document['variables']).data : undefined) ?? {};
  const typed = new Map(
    Object.entries(declared).flatMap(([name, one]) =>
      one.type === 'string' ? [] : [[name, valueOf(one, Object.hasOwn(sent, name) ? sent[name] : undefined)] as const],
    ),
  );
  if (typed.size === 0) return () => document;
  return (texts) => {
    let left: number = bounds.values;
    const put = (text: string, path: Path): unknown => {
      const name = text.startsWith('{{') && !isProse(path) ? onlyNameIn(text) : undefined;
      const value = name === undefined ? undefined : typed.get(name);
      if (name === undefined || value === undefined) return text;
      if (typeof value !== 'object' && texts.has(pointerTo(path))) return text;
      const { made, count } = madeOf(name, value);
      left -= count;
      return left < 0 ? text : made;
    };
    const within = (value: unknown, path: Path): unknown => {
      if (typeof value === 'string') return put(value, path);
      if (Array.isArray(value)) return value.map((item, index) => within(item, [...path, index]));
      if (!isObject(value)) return value;
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, within(item, [...path, key])]));
    };
    return within(document, []);
  };
};
