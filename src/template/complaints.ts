import { Fault, type Complaint, type FaultCode } from '../fault.ts';
import { Mistake } from './mistake.ts';

/** Collects everything that is wrong with what a client sent, so that all of it can be told at once. */
export type Complaints = {
  readonly add: (pointer: string, message: string) => void;
  /** What `judge` finds, or `fallback` after a complaint when it throws a Mistake; any other error flies. */
  readonly attempt: <T>(pointer: string, fallback: T, judge: () => T) => T;
  readonly isEmpty: () => boolean;
  /** All of them as one Fault, in the order in which they were found. */
  readonly fault: (code: FaultCode, what: string) => Fault;
};

// More would help nobody, and a hostile document could make a reply larger than itself.
const mostShown = 100;

export const complaints = (): Complaints => {
  const all: Complaint[] = [];
  const add = (pointer: string, message: string) => {
    // Two ways of looking at one place may find the same.
    if (!all.some((one) => one.pointer === pointer && one.message === message)) all.push({ pointer, message });
  };
  return {
    add,
    attempt: (pointer, fallback, judge) => {
      try {
        return judge();
      } catch (error) {
        if (!(error instanceof Mistake)) throw error;
        add(pointer, error.message);
        return fallback;
      }
    },
    isEmpty: () => all.length === 0,
    fault: (code, what) => {
      const [first] = all;
      const more = all.length > 1 ? ` There are ${all.length - 1} more such places.` : '';
      const message = first === undefined ? what : `${what}: ${first.pointer}: ${first.message}.${more}`;
      return new Fault(code, message, { errors: all.slice(0, mostShown) });
    },
  };
};

/** The same complaints, about what stands below a place of the whole. */
export const below = (all: Complaints, prefix: string): Complaints => ({
  ...all,
  add: (pointer, message) => all.add(prefix + pointer, message),
  attempt: (pointer, fallback, judge) => all.attempt(prefix + pointer, fallback, judge),
});
