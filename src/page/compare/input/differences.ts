import { pointerTo } from '../../../base/json/pointer.ts';

/** A place in which two documents are not the same, as a JSON pointer; a value is undefined where there is none. */
export type InputDifference = { readonly path: string; readonly a: unknown; readonly b: unknown };

// More rows than these tell nobody anything.
export const mostShown = 200;

type Entries = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Entries =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** Whether two values of JSON are the same, whatever the order of their keys. */
const areSame = (a: unknown, b: unknown): boolean => {
  if (isList(a) && isList(b)) return a.length === b.length && a.every((value, at) => areSame(value, b[at]));
  if (isRecord(a) && isRecord(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && areSame(a[key], b[key]))
    );
  }
  return a === b;
};

const below = (path: string, key: string | number): string => `${path}${pointerTo([key])}`;

/** How many values the lists have in common at their beginnings and, beyond that, at their ends. */
const commonEnds = (a: readonly unknown[], b: readonly unknown[]): { readonly head: number; readonly tail: number } => {
  const most = Math.min(a.length, b.length);
  let head = 0;
  while (head < most && areSame(a[head], b[head])) head++;
  let tail = 0;
  while (tail < most - head && areSame(a.at(-1 - tail), b.at(-1 - tail))) tail++;
  return { head, tail };
};

const ofLists = (path: string, a: readonly unknown[], b: readonly unknown[]): readonly InputDifference[] => {
  const { head, tail } = commonEnds(a, b);
  const length = Math.max(a.length, b.length) - head - tail;
  return Array.from({ length }, (_none, n) => {
    const at = head + n;
    return differencesOf(
      at < a.length - tail ? a[at] : undefined,
      at < b.length - tail ? b[at] : undefined,
      below(path, at),
    );
  }).flat();
};

/**
 * Where two documents of JSON are not the same, the deepest places. Of lists, what they begin and end with in common is left
 * out: a script that was put in between is one difference.
 */
export const differencesOf = (a: unknown, b: unknown, path = ''): readonly InputDifference[] => {
  if (areSame(a, b)) return [];
  if (isList(a) && isList(b)) return ofLists(path, a, b);
  if (isRecord(a) && isRecord(b))
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
      differencesOf(
        Object.hasOwn(a, key) ? a[key] : undefined,
        Object.hasOwn(b, key) ? b[key] : undefined,
        below(path, key),
      ),
    );
  return [{ path, a, b }];
};
