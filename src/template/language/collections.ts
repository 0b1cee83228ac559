import { didYouMean, quoted } from '../../base/text/nearest.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { isList, type Scalar } from '../../base/records/variable-value.ts';
import type { FilledText } from './fill.ts';

type Collection = readonly Scalar[] | Readonly<Record<string, Scalar>>;

const collectionOf = ({ value }: FilledText): Collection | undefined => (typeof value === 'object' ? value : undefined);

const kindOf = (collection: Collection): string => (isList(collection) ? 'list' : 'map');

/** Characters that one function may make. */
export const longestMade = 1024 * 1024;

/** The value of a scalar variable, or of one entry of a list or map. */
export const filledScalar = (scalar: Scalar, isSecret: boolean): FilledText => ({
  pieces: [String(scalar)],
  isSecret,
  ...(typeof scalar === 'string' ? {} : { value: scalar }),
});

const entryOf = (collection: Collection, key: string): Scalar => {
  if (isList(collection)) {
    const entry: Scalar | undefined = /^\d{1,9}$/.test(key) ? collection[Number(key)] : undefined;
    if (entry !== undefined) return entry;
    throw new ParseError(`the list has ${collection.length} entries, from 0: ${quoted(key)} is none of them`);
  }
  const entry = Object.hasOwn(collection, key) ? collection[key] : undefined;
  if (entry !== undefined) return entry;
  throw new ParseError(`the map has no key ${quoted(key)}: ${didYouMean(key, Object.keys(collection))}`);
};

const join = (collection: Collection, between: string): string => {
  const texts = Object.values(collection).map(String);
  if (texts.length * between.length > longestMade)
    throw new ParseError(`join would make more than ${longestMade} characters`);
  return texts.join(between);
};

/** What `{{ name.key }}` and `{{ name.0 }}` mean. Throws a ParseError where there is no such part. */
export const partOf = (filled: FilledText, name: string, path: readonly string[]): FilledText => {
  const [key, deeper] = path;
  if (key === undefined || filled.pieces.some((piece) => typeof piece === 'object' && 'unknown' in piece))
    return filled;
  const collection = collectionOf(filled);
  if (collection === undefined || deeper !== undefined)
    throw new ParseError(
      `{{ ${[name, ...path].join('.')} }} is not there: only a list or a map has parts, and they have none`,
    );
  return filledScalar(entryOf(collection, key), filled.isSecret);
};

/**
 * What `join`, `json` and `index` make of a list or a map, and `json` of a number or bool; undefined where no argument is
 * one. The list may be the first argument or, through a pipe, the last. Throws a ParseError for any other function.
 */
export const callOnCollection = (name: string, args: readonly FilledText[]): string | undefined => {
  const [only, ...others] = args;
  if (name === 'json' && others.length === 0 && only?.value !== undefined) return JSON.stringify(only.value);
  const given = args.find((arg) => collectionOf(arg) !== undefined);
  if (given === undefined) return undefined;
  const collection: Collection = collectionOf(given) ?? [];
  const [text, ...more] = args.filter((arg) => arg !== given);
  const [piece, ...rest] = text?.pieces ?? [];
  const isCall = more.length === 0 && rest.length === 0;
  const word = text !== undefined && piece === undefined ? '' : piece;
  if (name === 'join' && isCall && typeof word === 'string') return join(collection, word);
  if (name === 'index' && isCall && typeof word === 'string') return String(entryOf(collection, word));
  throw new ParseError(
    `${name} is given a ${kindOf(collection)}, which only {{ join name "," }}, {{ json name }} and {{ index name "key" }} take`,
  );
};

/** A value that is to stand in a text. Throws a ParseError for a list and a map. */
export const asText = (filled: FilledText, text: string): FilledText => {
  const collection = collectionOf(filled);
  if (collection === undefined) return filled;
  const kind = kindOf(collection);
  throw new ParseError(
    `${quoted(text)} puts a ${kind} into a text: write {{ name.${kind === 'list' ? '0' : 'key'} }}, {{ join name "," }} or {{ json name }}`,
  );
};
