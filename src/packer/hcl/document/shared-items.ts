import type { PlainValue } from '../values/plain.ts';
import type { Placed, PlainObject } from './placed.ts';

/** What one block of a build comes to for one builder: one part, or several in a row. */
export type ForBuilder = { readonly builder: string; readonly parts: readonly Placed[] };

const withOnly = ({ value, places }: Placed, only: readonly string[]): Placed => {
  const [begin] = places;
  const keys: PlainObject = { ...value, only };
  return { value: keys, places: begin === undefined ? places : [...places, ['/only', begin[1]]] };
};

/**
 * Builders for which a block comes to the same share it. A JSON template says by `only` whom it is for, and nothing
 * where it is for all: `all` counts the builders of the document.
 */
export const shareItems = (each: readonly ForBuilder[], all: number): readonly (readonly Placed[])[] => {
  const groups = new Map<string, { readonly parts: readonly Placed[]; readonly builders: string[] }>();
  for (const { builder, parts } of each) {
    if (parts.length === 0) continue;
    const key = JSON.stringify(parts.map(({ value }): PlainValue => value));
    const group = groups.get(key) ?? { parts, builders: [] };
    group.builders.push(builder);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ parts, builders }) =>
    builders.length === all ? parts : parts.map((part) => withOnly(part, builders)),
  );
};
