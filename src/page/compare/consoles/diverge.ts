/** A part in which two consoles are not the same, before they are again: from, and up to, these lines of each. */
export type ConsoleDifference = {
  readonly a: readonly [from: number, to: number];
  readonly b: readonly [from: number, to: number];
};

export type Divergence = {
  /** How many lines are the same in both. */
  readonly alike: number;
  /** The differences behind which they are the same again, in their order. */
  readonly differences: readonly ConsoleDifference[];
  /** Where they go apart for good, the line of each; undefined where they come to their ends together. */
  readonly at?: { readonly a: number; readonly b: number };
};

/** How many lines one of them may have and the other not, before they count as apart. */
export const widest = 400;

// So many lines in a row are the same again, or all up to both ends, before two consoles count as together.
const together = 3;

// Beyond so many differences there is no order in which the two are the same.
const mostDifferences = 1000;

// A line that comes more often is no place to meet at, beyond these.
const mostPlaces = 50;

const areTogether = (a: readonly string[], b: readonly string[], atA: number, atB: number): boolean => {
  const length = Math.min(together, Math.max(a.length - atA, b.length - atB));
  for (let n = 0; n < length; n++) if (a[atA + n] !== b[atB + n]) return false;
  return true;
};

/** Where each of these lines is, the first places of each. */
const placesOf = (lines: readonly string[], from: number, to: number): ReadonlyMap<string, readonly number[]> => {
  const places = new Map<string, number[]>();
  for (let at = from; at < Math.min(to, lines.length); at++) {
    const line = lines[at] ?? '';
    const known = places.get(line);
    if (known === undefined) places.set(line, [at]);
    else if (known.length < mostPlaces) known.push(at);
  }
  return places;
};

type Place = { readonly a: number; readonly b: number };

/** The nearest place from here on at which both are the same again, with at most so many lines of each passed over. */
const meet = (
  a: readonly string[],
  b: readonly string[],
  from: Place,
  widths: { readonly a: number; readonly b: number },
): Place | undefined => {
  const places = placesOf(b, from.b, from.b + widths.b + 1);
  let best: (Place & { readonly passed: number }) | undefined;
  for (let at = from.a; at < Math.min(from.a + widths.a + 1, a.length); at++) {
    if (best !== undefined && at - from.a >= best.passed) break;
    for (const place of places.get(a[at] ?? '') ?? []) {
      const passed = at - from.a + (place - from.b);
      if (best !== undefined && passed >= best.passed) break;
      if (areTogether(a, b, at, place)) best = { a: at, b: place, passed };
    }
  }
  return best;
};

/**
 * Where two consoles meet first. The one of a build that went on from a layer begins in the middle of the other: all of that
 * is looked through.
 */
const meetFirst = (a: readonly string[], b: readonly string[]): Place | undefined => {
  const start = { a: 0, b: 0 };
  return (
    meet(a, b, start, { a: widest, b: widest }) ??
    meet(a, b, start, { a: b.length < a.length ? Infinity : widest, b: b.length < a.length ? widest : Infinity })
  );
};

/**
 * The first place from which two consoles are not the same any more, line by line as they are masked. What one has and the
 * other has not is passed over, as long as they come together again within `widest` lines. Takes time by the number of lines,
 * and of differences.
 */
export const diverge = (a: readonly string[], b: readonly string[]): Divergence => {
  const differences: ConsoleDifference[] = [];
  let at: Place = { a: 0, b: 0 };
  let alike = 0;
  while (at.a < a.length && at.b < b.length) {
    if (a[at.a] === b[at.b]) {
      alike++;
      at = { a: at.a + 1, b: at.b + 1 };
      continue;
    }
    const met = at.a === 0 && at.b === 0 ? meetFirst(a, b) : meet(a, b, at, { a: widest, b: widest });
    if (met === undefined || differences.length === mostDifferences) return { alike, differences, at };
    differences.push({ a: [at.a, met.a], b: [at.b, met.b] });
    at = met;
  }
  return at.a === a.length && at.b === b.length ? { alike, differences } : { alike, differences, at };
};

/** What has been read of a console: how many lines, and whether that is all of it. */
export type ConsoleReach = { readonly lines: number; readonly isWhole: boolean };

/** Whether more of the consoles would not change where they go apart. */
export const isSettled = ({ at }: Divergence, a: ConsoleReach, b: ConsoleReach): boolean => {
  if (a.isWhole && b.isWhole) return true;
  if (at === undefined) return false;
  return (a.isWhole || at.a + widest + together <= a.lines) && (b.isWhole || at.b + widest + together <= b.lines);
};
