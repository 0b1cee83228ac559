import type { FieldErrors } from '../../base/field-errors.ts';
import type { Notes } from '../../base/notes.ts';
import { didYouMean, unknownKeys } from '../../base/text/nearest.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { pointerTo } from '../../base/json/pointer.ts';
import { withoutFolders } from './paths.ts';
import type { ContextFiles } from './types.ts';

/** What the translation of one Packer template shares. */
export type KeyReading = {
  readonly wrong: FieldErrors;
  readonly notes: Notes;
  readonly files: ContextFiles;
  /** Whether this host gives machines the network outside. */
  readonly hasOutgoing: boolean;
  /** A text with the values of variables filled in; undefined while one of them has no value. Throws a ParseError. */
  readonly fill: (text: string) => string | undefined;
};

/** An object of a Packer template and its pointer. */
export type KeyLayer = { readonly object: Readonly<Record<string, unknown>>; readonly pointer: string };

/** A note about a text that decides how the template is translated. The value may be a secret. */
export const takenNow = 'is taken with the values that its variables have now, whatever is sent for them later';

/** A text as it is written, placeholders and all, and its pointer. */
export type Written = { readonly text: string; readonly at: string };

/**
 * Reads the keys of an object as Packer decodes them: numbers and booleans are taken as texts, texts as numbers and
 * booleans, a single value as a list of one, a text as the list of what stands between its commas; null is as good as absent.
 * What is wrong becomes a field error.
 */
export type ImportKeys = {
  /** The object's own place. */
  readonly pointer: string;
  readonly names: () => readonly string[];
  readonly at: (key: string) => string;
  /** The value as it is; undefined: none. */
  readonly raw: (key: string) => unknown;
  /** A text that may hold placeholders. */
  readonly text: (key: string) => string | undefined;
  /** A text that must be known now. */
  readonly known: (key: string) => string | undefined;
  readonly whole: (key: string) => number | undefined;
  readonly flag: (key: string) => boolean;
  readonly list: (key: string) => readonly Written[] | undefined;
  readonly map: (key: string) => readonly (Written & { readonly name: string })[] | undefined;
};

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const scalar = (value: unknown): string | undefined => {
  if (typeof value === 'string') return withoutFolders(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
};

const flags: Readonly<Record<string, boolean>> = {
  '': false,
  '0': false,
  f: false,
  false: false,
  '1': true,
  t: true,
  true: true,
};

const flagOf = (text: string): boolean => {
  const value = flags[text.toLowerCase()];
  if (value === undefined) throw new ParseError(`is ${JSON.stringify(text.slice(0, 40))}, and true or false was due`);
  return value;
};

const wholeOf = (text: string): number => {
  if (!/^-?\d{1,12}$/.test(text))
    throw new ParseError(`is ${JSON.stringify(text.slice(0, 40))}, and a whole number was due`);
  return Number(text);
};

/** The text with the values of variables; undefined where a value is missing, or a placeholder is not known here. */
const filledOrNot = (text: string, fill: KeyReading['fill']): string | undefined => {
  try {
    return fill(text);
  } catch (error) {
    // What is wrong with it is told where the text is used.
    if (error instanceof ParseError) return undefined;
    throw error;
  }
};

/** What a text is as a list: Packer fills it in and splits it at its commas, without a look at blanks (mapstructure, StringToSliceHookFunc). */
const betweenCommas = (text: string, at: string, { notes, fill }: KeyReading): readonly string[] => {
  const filled = filledOrNot(text, fill);
  if (filled === '') return [];
  if (filled?.includes(',') !== true) return [text];
  if (filled !== text) notes.add(at, takenNow);
  return filled.split(',');
};

const listOf = (value: unknown, at: string, reading: KeyReading): readonly Written[] | undefined => {
  if (value === undefined) return undefined;
  const { wrong } = reading;
  if (typeof value === 'string')
    return betweenCommas(value, at, reading).map((text) => ({ text: withoutFolders(text), at }));
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  return entries.flatMap((entry, index) => {
    const place = Array.isArray(value) ? `${at}/${index}` : at;
    const text = scalar(entry);
    if (text === undefined) wrong.add(place, Array.isArray(value) ? 'must be a text' : 'must be a list of texts');
    return text === undefined ? [] : [{ text, at: place }];
  });
};

const mapOf = (value: unknown, at: string, wrong: FieldErrors): ReturnType<ImportKeys['map']> => {
  if (value === undefined) return undefined;
  if (!isObject(value)) wrong.add(at, 'must be an object of names and texts');
  return Object.entries(isObject(value) ? value : {}).flatMap(([name, entry]) => {
    const place = at + pointerTo([name]);
    const text = scalar(entry);
    if (text === undefined) wrong.add(place, 'must be a text');
    return text === undefined ? [] : [{ name, text, at: place }];
  });
};

/** Of several layers, a key of a later one stands in place of an earlier one's. */
export const makeKeys = (layers: readonly [KeyLayer, ...KeyLayer[]], reading: KeyReading): ImportKeys => {
  const { wrong, notes, fill } = reading;
  const [{ pointer }] = layers;

  const layerOf = (key: string): KeyLayer | undefined => layers.findLast(({ object }) => Object.hasOwn(object, key));
  const at = (key: string) => (layerOf(key)?.pointer ?? pointer) + pointerTo([key]);
  const raw = (key: string): unknown => layerOf(key)?.object[key] ?? undefined;

  const text = (key: string): string | undefined => {
    const value = raw(key);
    const found = scalar(value);
    if (value !== undefined && found === undefined) wrong.add(at(key), 'must be a text');
    return found;
  };

  const known = (key: string): string | undefined => {
    const given = text(key);
    if (given === undefined) return undefined;
    const place = at(key);
    return wrong.attempt(place, undefined, () => {
      const value = fill(given);
      if (value !== undefined && value !== given) notes.add(place, takenNow);
      if (value !== undefined) return value;
      throw new ParseError(
        `must be known to translate the template: give the variable in ${JSON.stringify(given.slice(0, 60))} a default, or send its value`,
      );
    });
  };

  const made = <T>(key: string, fallback: T, make: (text: string) => T): T => {
    const value = known(key);
    return value === undefined ? fallback : wrong.attempt(at(key), fallback, () => make(value.trim()));
  };

  return {
    pointer,
    at,
    raw,
    text,
    known,
    names: () => [...new Set(layers.flatMap(({ object }) => Object.keys(object)))],
    whole: (key) => made<number | undefined>(key, undefined, wholeOf),
    flag: (key) => made(key, false, flagOf),
    list: (key) => listOf(raw(key), at(key), reading),
    map: (key) => mapOf(raw(key), at(key), wrong),
  };
};

/** What becomes of a key: it is read, it has no meaning here (and why), or it asks for what cannot be (and what to do). */
export type Rule = 'read' | { readonly idle: string } | { readonly refuse: string };

export type Rules = Readonly<Record<string, Rule>>;

const isOff = (value: unknown): boolean =>
  value === undefined ||
  ['', 'false', '0', false, 0].some((off) => off === value) ||
  (Array.isArray(value) && value.length === 0);

/** Judges every key of an object by its rules. `what` names the object. A key that begins with `_` is a comment. */
export const judgeKeys = (keys: ImportKeys, rules: Rules, what: string, { wrong, notes }: KeyReading): void => {
  const unknown = unknownKeys();
  for (const key of keys.names()) {
    if (key.startsWith('_')) continue;
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
    if (rule === undefined)
      wrong.add(keys.at(key), unknown(() => `is an unknown key of ${what}: ${didYouMean(key, Object.keys(rules))}`)); // prettier-ignore
    else if (rule !== 'read' && !isOff(keys.raw(key))) {
      if ('idle' in rule) notes.add(keys.at(key), `has no meaning here: ${rule.idle}`);
      else wrong.add(keys.at(key), `cannot be translated: ${rule.refuse}`);
    }
  }
};
