import { diffLines } from 'diff';

/** A line of a difference. `same` lines far from any change are one `left-out`, whose text says how many they are. */
export type TextLine = { readonly kind: 'same' | 'added' | 'removed' | 'left-out'; readonly text: string };

// Lines on each side of a change.
const around = 3;

// Beyond so many changed lines two documents have little in common, and Myers' search, which costs their square, takes seconds.
const mostChanges = 4000;

const split = (text: string): readonly string[] => text.replace(/\n$/, '').split('\n');

/** What is left of unchanged lines: some behind the change before them, some before the one that follows. */
const folded = (lines: readonly string[], isFirst: boolean, isLast: boolean): readonly TextLine[] => {
  const [head, tail] = [isFirst ? 0 : around, isLast ? 0 : around];
  const leftOut = lines.length - head - tail;
  const same = (some: readonly string[]) => some.map((text): TextLine => ({ kind: 'same', text }));
  if (leftOut <= 1) return same(lines);
  return [
    ...same(lines.slice(0, head)),
    { kind: 'left-out', text: `${leftOut} lines that are the same` },
    ...same(tail === 0 ? [] : lines.slice(-tail)),
  ];
};

/**
 * How one text becomes the other, line by line; empty where they are the same, undefined where they have too little in
 * common. By the package diff: Myers' algorithm with a bound on its search, which is what a line of our own would have to
 * be, and what a table of the longest common subsequence (20,000 lines squared) could not.
 */
export const linesBetween = (before: string, after: string): readonly TextLine[] | undefined => {
  const changes = diffLines(before, after, { maxEditLength: mostChanges });
  if (changes === undefined) return undefined;
  if (changes.every(({ added, removed }) => !added && !removed)) return [];
  return changes.flatMap(({ added, removed, value }, at): readonly TextLine[] => {
    const lines = split(value);
    if (!added && !removed) return folded(lines, at === 0, at === changes.length - 1);
    return lines.map((text) => ({ kind: added ? 'added' : 'removed', text }));
  });
};
