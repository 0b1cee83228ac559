import { pointerTo } from '../../../base/json/pointer.ts';
import type { At } from '../source.ts';
import type { PlainValue } from '../values/plain.ts';

export type PlainObject = { readonly [key: string]: PlainValue };

/** Where the parts of a value stand, by their pointers within it. */
export type Places = readonly (readonly [pointer: string, at: At])[];

/** A part of the document, and where its parts stand in the files. */
export type Placed<T extends PlainValue = PlainObject> = { readonly value: T; readonly places: Places };

/** The places of a part, as those of what the part is in, under the key. */
export const below = (key: string | number, places: Places): Places =>
  places.map(([pointer, at]) => [`${pointerTo([key])}${pointer}`, at]);

/** A list of parts as one. */
export const listOf = <T extends PlainValue>(parts: readonly Placed<T>[]): Placed<readonly T[]> => ({
  value: parts.map(({ value }) => value),
  places: parts.flatMap(({ places }, index) => below(index, places)),
});

/** Parts as one object. */
export const recordOf = (at: At, parts: readonly (readonly [key: string, part: Placed<PlainValue>])[]): Placed => ({
  value: Object.fromEntries(parts.map(([key, { value }]) => [key, value])),
  places: [['', at], ...parts.flatMap(([key, { places }]) => below(key, places))],
});

/** The place of the smallest part with a place that the pointer leads to or through. */
export const placeFinder = (places: Places): ((pointer: string) => At | undefined) => {
  const known = new Map(places);
  return (pointer) => {
    for (let at = pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
      const found = known.get(at);
      if (found !== undefined || at === '') return found;
    }
  };
};
