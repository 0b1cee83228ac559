import { keyOfSegment, pointerTo } from '../../base/json/pointer.ts';
import type { ImagedDocument } from './types.ts';

type Path = readonly (string | number)[];

/** A template document in the making. */
export type ImportDraft = {
  /** Puts a value at a path, whose missing objects and lists are made; `from` is where it stands in the Packer document. */
  readonly put: (path: Path, value: unknown, from: string) => void;
  readonly document: () => ImagedDocument;
  /** Where a place of the document comes from: the place of the value itself, or the nearest around it. */
  readonly pointerOf: (pointer: string) => string;
};

type Branch = Record<string | number, unknown>;

const isBranch = (value: unknown): value is Branch => typeof value === 'object' && value !== null;

const segmentsOf = (pointer: string): readonly string[] => pointer.split('/').slice(1);

/** Whether a document has a value at a pointer. */
const hasAt = (document: unknown, pointer: string): boolean => {
  let value = document;
  for (const segment of segmentsOf(pointer)) {
    const key = keyOfSegment(segment);
    if (!isBranch(value) || !Object.hasOwn(value, key)) return false;
    value = value[key];
  }
  return true;
};

// A list is an object whose keys are numbers.
const emptyFor = (key: string | number | undefined): Branch =>
  typeof key === 'number' ? ([] as unknown as Branch) : {};

/** `home` is where what is translated stands in the Packer document `packer`. */
export const makeDraft = (packer: unknown, home: string): ImportDraft => {
  const root: Branch = {};
  const origins = new Map<string, string>([['', home]]);

  /** The object or list around the last key of a path. */
  const around = (path: Path): Branch => {
    let branch = root;
    for (const [index, key] of path.slice(0, -1).entries()) {
      const there = branch[key];
      const next = isBranch(there) ? there : emptyFor(path[index + 1]);
      branch[key] = next;
      branch = next;
    }
    return branch;
  };

  return {
    put: (path, value, from) => {
      const key = path.at(-1);
      if (key === undefined) throw new RangeError('A value needs a path.');
      around(path)[key] = value;
      origins.set(pointerTo(path), from);
    },
    document: () => root,
    pointerOf: (pointer) => {
      const segments = segmentsOf(pointer);
      for (let count = segments.length; count >= 0; count--) {
        const above = segments
          .slice(0, count)
          .map((segment) => `/${segment}`)
          .join('');
        const from = origins.get(above);
        if (from === undefined) continue;
        const exact = from + pointer.slice(above.length);
        return hasAt(packer, exact) ? exact : from;
      }
      return home;
    },
  };
};
