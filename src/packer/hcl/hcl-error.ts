import { hclBounds } from '../../base/bounds.ts';
import { Fault, type FieldPlace } from '../../base/fault.ts';
import { fieldErrors, ofRequest, type FieldErrors } from '../../base/field-errors.ts';
import { pointerTo } from '../../base/json/pointer.ts';
import { placeOf, pointerAt, withLine, type At } from './source.ts';

// A message may quote those of other errors, and would double with each that does.
const longestMessage = 1000;

/**
 * Something wrong at one place of an HCL file. No `ParseError`: most come when a text that was parsed is evaluated, which `try` and
 * `can` pass over, and any of several files may be at fault. `makeProblems` makes field errors of them.
 */
export class HclError extends Error {
  override readonly name: string = 'HclError';
  readonly at: At;

  constructor(at: At, message: string) {
    super(message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message);
    this.at = at;
  }
}

/** Something wrong with a value that a client sent for a variable: it stands in no file. */
export class SentValueError extends HclError {
  override readonly name = 'SentValueError';
  readonly variable: string;

  constructor(at: At, variable: string, message: string) {
    super(at, message);
    this.variable = variable;
  }
}

/** A bound was met. Unlike other errors it is not for `try` and `can` to pass over. */
export class TooMuch extends HclError {
  override readonly name = 'TooMuch';
}

/** Collects all that is wrong with the files, each with its place. */
export type Problems = {
  readonly add: (error: HclError) => void;
  /** About a value that was sent for a variable: `pointer` is one of the request, `place` where a file declares the variable. */
  readonly addSent: (variable: string, message: string, place?: FieldPlace) => void;
  /** What `judge` gives, or undefined after a problem. Throws what is no HclError. */
  readonly attempt: <T>(judge: () => T) => T | undefined;
  /** Throws `template_invalid`, with all of them, when there are any. */
  readonly refuse: () => void;
};

export const makeProblems = (): Problems => {
  const all: FieldErrors = fieldErrors();
  const addSent = (variable: string, message: string, place?: FieldPlace) =>
    all.add(ofRequest + pointerTo(['variables', variable]), message, place);
  let left: number = hclBounds.wrongPlaces;
  const add = (error: HclError): void => {
    if (error instanceof SentValueError) addSent(error.variable, error.message, placeOf(error.at));
    else all.add(pointerAt(error.at), withLine(error.at, error.message));
    left -= 1;
    // An error costs more than the text that it is about.
    if (left === 0) throw all.fault('template_invalid', 'The HCL2 template cannot be used');
  };
  return {
    add,
    addSent,
    attempt: (judge) => {
      try {
        return judge();
      } catch (error) {
        if (!(error instanceof HclError)) throw error;
        add(error);
        // What met a bound once would meet it again at each of the places that follow.
        if (error instanceof TooMuch) throw all.fault('template_invalid', 'The HCL2 template cannot be used');
        return undefined;
      }
    },
    refuse: () => {
      if (!all.isEmpty()) throw all.fault('template_invalid', 'The HCL2 template cannot be used');
    },
  };
};

/** An error that has no place in a file: a file that is missing, or one too many. */
export const refuseFiles = (message: string): never => {
  throw new Fault('template_invalid', message, { errors: [{ pointer: '', message }] });
};
