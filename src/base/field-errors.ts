import { Fault, type FieldError, type FieldPlace, type FaultCode } from './fault.ts';
import { maxFieldErrors } from './text/nearest.ts';
import { ParseError } from './text/parse-error.ts';

/** Collects everything that is wrong with what a client sent, so that all of it can be told at once. */
export type FieldErrors = {
  readonly add: (pointer: string, message: string, place?: FieldPlace) => void;
  /** What `judge` finds, or `fallback` after a field error when it throws a ParseError; it throws any other error. */
  readonly attempt: <T>(pointer: string, fallback: T, judge: () => T) => T;
  /** Counts places that are wrong as well and are not told. */
  readonly more: (places: number) => void;
  readonly isEmpty: () => boolean;
  /** The first of them, in the order in which they were found. */
  readonly told: () => readonly FieldError[];
  /** All of them as one Fault, in the order in which they were found. */
  readonly fault: (code: FaultCode, what: string) => Fault;
};

// A message may hold many names, and what is quoted in it was cut already.
const longestMessage = 2000;

/** A place in front of what is wrong there. That of a whole file ends with a colon of its own. */
const leading = (pointer: string): string =>
  pointer === '' ? '' : pointer.endsWith(':') ? `${pointer} ` : `${pointer}: `;

/** A message as a sentence. One that asks "did you mean", or ends with a line of a file and its caret, is one already. */
const sentence = (message: string): string => (/[?^]$/.test(message) ? message : `${message}.`);

const andMore = (places: number): string =>
  places === 0 ? '' : places === 1 ? ' There is 1 more such place.' : ` There are ${places} more such places.`;

export const fieldErrors = (): FieldErrors => {
  const told: FieldError[] = [];
  const known = new Set<string>();
  let count = 0;
  const add = (pointer: string, message: string, place?: FieldPlace) => {
    const shown = message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message;
    const key = `${pointer}\n${shown}`;
    // Two ways of looking at one place may find the same.
    if (known.has(key)) return;
    count += 1;
    // More would not help, and a hostile document could make a reply larger than itself.
    if (told.length === maxFieldErrors) return;
    known.add(key);
    told.push({ pointer, message: shown, ...place });
  };
  return {
    add,
    attempt: (pointer, fallback, judge) => {
      try {
        return judge();
      } catch (error) {
        if (!(error instanceof ParseError)) throw error;
        add(pointer, error.message);
        return fallback;
      }
    },
    more: (places) => {
      count += Math.max(0, places);
    },
    isEmpty: () => count === 0,
    told: () => told,
    fault: (code, what) => {
      const [first] = told;
      const message =
        first === undefined
          ? what
          : `${what}: ${leading(first.pointer)}${sentence(first.message)}${andMore(count - 1)}`;
      return new Fault(code, message, { errors: told });
    },
  };
};

/** In front of a pointer into the request itself, where others point into a template or a file of it. */
export const ofRequest = 'request:';

/** The same field errors, about what stands below a place of the whole. */
export const below = (all: FieldErrors, prefix: string): FieldErrors => ({
  ...all,
  add: (pointer, message, place) => all.add(prefix + pointer, message, place),
  attempt: (pointer, fallback, judge) => all.attempt(prefix + pointer, fallback, judge),
});

/** The same fault with its words and those of its field errors changed. */
export const withWords = (fault: Fault, change: (words: string) => string): Fault => {
  const errors = fault.facts.errors?.map((one) => ({ ...one, message: change(one.message) }));
  return new Fault(fault.code, change(fault.message), errors === undefined ? fault.facts : { ...fault.facts, errors }, {
    cause: fault.cause,
  });
};

/** The same fault with other words for people; its field errors stay. */
export const withMessage = (fault: Fault, message: string): Fault =>
  new Fault(fault.code, message, fault.facts, { cause: fault.cause });

/** A fault whose field errors stand elsewhere, as `placeOf` says; any other error as it is. */
export const withPlaces = (error: unknown, placeOf: (pointer: string) => string): unknown => {
  if (!(error instanceof Fault) || error.facts.errors === undefined) return error;
  const errors: readonly FieldError[] = error.facts.errors.map((one) => ({ ...one, pointer: placeOf(one.pointer) }));
  // The message names the first of them.
  const [first = ''] = error.facts.errors.map(({ pointer }) => pointer);
  const message = first === '' ? error.message : error.message.replace(leading(first), () => leading(placeOf(first)));
  return new Fault(error.code, message, { ...error.facts, errors }, { cause: error });
};
