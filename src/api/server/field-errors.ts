import { z } from 'zod';
import { Fault, type FieldError } from '../../base/fault.ts';
import { didYouMean, maxFieldErrors, unknownKeys } from '../../base/text/nearest.ts';
import { pointerTo } from '../../base/json/pointer.ts';
import { ofRightKind } from '../../base/document/zod-words.ts';

/** The part of a request that a pointer points into. */
export type PointedPlace = 'body' | 'query' | 'path' | 'header' | `${string}.json`;

type Issue = z.core.$ZodIssue;

/** Wrong places: those that are told, and how many there are. */
export type ApiFieldErrors = { readonly told: readonly FieldError[]; readonly count: number };

const keysOf = (schema: unknown): readonly string[] => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : []);

const unknownKey = (key: string, known: readonly string[]): string => `is not known here: ${didYouMean(key, known)}`;

// A pointer into anything but the body says into what: `query:/since`, `path:/name`, `header:/range`.
const placed = (place: PointedPlace, path: readonly PropertyKey[]) =>
  `${place === 'body' ? '' : `${place}:`}${pointerTo(path)}`;

const addError = (
  issue: Issue,
  schema: unknown,
  place: PointedPlace,
  told: ReturnType<typeof unknownKeys>,
): readonly FieldError[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.slice(0, maxFieldErrors).map((key) => ({
        pointer: placed(place, [...issue.path, key]),
        message: told(() => unknownKey(key, issue.path.length === 0 ? keysOf(schema) : [])),
      }))
    : [{ pointer: placed(place, issue.path), message: issue.message }];

const placesIn = (issue: Issue): number => (issue.code === 'unrecognized_keys' ? issue.keys.length : 1);

/** What zod found wrong, as field errors that a client can act on. */
const fieldErrorsOf = (error: z.core.$ZodError, schema: unknown, place: PointedPlace): ApiFieldErrors => {
  const issues = ofRightKind(error.issues);
  const keys = unknownKeys();
  return {
    told: issues
      .slice(0, maxFieldErrors)
      .flatMap((issue) => addError(issue, schema, place, keys))
      .slice(0, maxFieldErrors),
    count: issues.reduce((sum, issue) => sum + placesIn(issue), 0),
  };
};

/** `invalid_input` for these field errors; the first of them is the detail. */
export const invalid = (told: readonly FieldError[], count = told.length): Fault => {
  const [first] = told;
  const rest = count > 1 ? ` (and ${count - 1} more).` : first?.message.endsWith('?') === true ? '' : '.';
  return new Fault(
    'invalid_input',
    first ? `${first.pointer || 'The body'} ${first.message}${rest}` : 'The request is wrong.',
    { errors: told },
  );
};

/** What came of a check. */
export type Checked<T> = { readonly value: T; readonly error?: never } | { readonly error: Fault };

/** The value as the schema has it, or `invalid_input` with a pointer to each thing that is wrong. */
export const check = <S extends z.ZodType>(schema: S, value: unknown, place: PointedPlace): Checked<z.output<S>> => {
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data };
  const { told, count } = fieldErrorsOf(result.error, schema, place);
  return { error: invalid(told, count) };
};

/** As `check`, but throws what is wrong. */
export const checked = <S extends z.ZodType>(schema: S, value: unknown, place: PointedPlace): z.output<S> => {
  const result = check(schema, value, place);
  if (result.error) throw result.error;
  return result.value;
};
