/** What zod says of a value, in words for the people who wrote it: a program loads this once, and its own words are gone. */

import { z } from 'zod';
import { quoted } from '../text/nearest.ts';

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
  undefined: 'missing',
  nan: 'no number',
};

/** A kind of value as people call it. */
export const kindWords = (kind: string): string => kinds[kind] ?? kind;

const kindOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' && Number.isNaN(value) ? 'nan' : typeof value;
};

const shown = (value: unknown): string => (typeof value === 'string' ? quoted(value) : String(value));

const units: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
  map: ['entry', 'entries'],
  set: ['entry', 'entries'],
};

const size = (origin: string, words: string, bound: number | bigint): string => {
  const unit = Object.hasOwn(units, origin) ? units[origin] : undefined;
  return unit === undefined
    ? `must be ${words} ${bound}`
    : `must have ${words} ${bound} ${unit[Number(bound) === 1 ? 0 : 1]}`;
};

const wordsOf = (issue: z.core.$ZodRawIssue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? `is missing: it must be ${kindWords(issue.expected)}`
        : `must be ${kindWords(issue.expected)}, and is ${kindWords(kindOf(issue.input))}`;
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(shown).join(', ')}`;
    case 'too_big':
      return size(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'too_small':
      return size(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return `is not written as ${issue.format === 'regex' ? `${String(issue['pattern'])} has it` : `a ${issue.format}`}`;
    case 'invalid_key':
      return 'has a key that is not allowed';
    case 'invalid_union':
      return 'has none of the forms that it may have';
    case 'unrecognized_keys':
      return `has unknown keys: ${issue.keys.slice(0, 10).map(quoted).join(', ')}`;
    default:
      return 'is not allowed here';
  }
};

z.config({ localeError: wordsOf });

/**
 * Issues without those that say more of a value of the wrong kind: a text that stands for a list has a length too, and zod
 * judges it.
 */
export const ofRightKind = (issues: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] => {
  const placeOf = ({ path }: z.core.$ZodIssue) => JSON.stringify(path.map(String));
  const wrong = new Set(issues.filter(({ code }) => code === 'invalid_type').map(placeOf));
  return wrong.size === 0
    ? issues
    : issues.filter((issue) => issue.code === 'invalid_type' || !wrong.has(placeOf(issue)));
};
