import { HclError } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { World } from '../evaluate/scope.ts';
import { toBool, toElements, toNumber, toObject, toText, toWhole } from '../values/convert.ts';
import type { List, Obj, Value } from '../values/value.ts';

/** One call of a function: its arguments, which are read as what it needs. Each reading throws an HclError. */
export type HclCall = {
  readonly at: At;
  readonly world: World;
  readonly args: readonly Value[];
  readonly value: (index: number) => Value;
  readonly text: (index: number, byDefault?: string) => string;
  readonly number: (index: number) => number;
  readonly whole: (index: number, byDefault?: number) => number;
  readonly bool: (index: number) => boolean;
  readonly elements: (index: number) => List;
  /** The elements as texts. */
  readonly texts: (index: number) => readonly string[];
  readonly object: (index: number) => Obj;
  /** Where an argument stands. */
  readonly place: (index: number) => At;
  /** Throws: an argument is not as it must be. */
  readonly refuse: (index: number, message: string) => never;
};

/** A function, as a row of one of the tables beside this file. */
export type HclFunction = {
  readonly takes: readonly [least: number, most: number];
  readonly gives: (call: HclCall) => Value;
};

export type FunctionTable = Readonly<Record<string, HclFunction>>;

export const manyArgs = 1000;

export const makeCall = (at: At, world: World, args: readonly Value[], places: readonly At[]): HclCall => {
  const value = (index: number): Value => args[index] ?? null;
  const place = (index: number): At => places[index] ?? places.at(-1) ?? at;
  const elements = (index: number) => toElements(value(index), place(index));
  return {
    at,
    world,
    args,
    value,
    place,
    elements,
    text: (index, byDefault) =>
      index >= args.length && byDefault !== undefined ? byDefault : toText(value(index), place(index)),
    number: (index) => toNumber(value(index), place(index)),
    whole: (index, byDefault) =>
      index >= args.length && byDefault !== undefined ? byDefault : toWhole(value(index), place(index)),
    bool: (index) => toBool(value(index), place(index)),
    texts: (index) => elements(index).map((one) => toText(one, place(index))),
    object: (index) => toObject(value(index), place(index)),
    refuse: (index, message) => {
      throw new HclError(place(index), message);
    },
  };
};
