import type { EchoPiece } from './settle.ts';

/** How many characters of what is expected have been seen, each with the least other output that it took. */
type Ways = Map<number, number>;

const add = (ways: Ways, seen: number, noise: number) => {
  if (noise < (ways.get(seen) ?? Infinity)) ways.set(seen, noise);
};

/** How many characters of `expected` have been seen when the piece follows `seen` of them; undefined when it does not. */
export const seenWith = (piece: EchoPiece, expected: readonly string[], seen: number): number | undefined => {
  if (typeof piece === 'string') return piece === expected[seen] ? seen + 1 : undefined;
  const { redrawn, brings } = piece;
  const start = seen + brings - redrawn.length;
  return start >= 0 && redrawn.every((character, i) => character === expected[start + i]) ? seen + brings : undefined;
};

/** Line editors wrap long lines: by CR, blank and CR, CR and the last character again (bash), or a line end (busybox). */
const isWrap = (pieces: readonly EchoPiece[], at: number, expected: readonly string[], seen: number): boolean => {
  const character = pieces[at];
  const isRepeat = pieces[at - 1] === '\r' && character === expected[seen - 1];
  return seen > 0 && (isRepeat || (character === ' ' && pieces[at + 1] === '\r' && pieces[at + 2] !== '\n'));
};

/** What a piece makes of one way: where it leads without a line end in between. */
const follow = (
  pieces: readonly EchoPiece[],
  at: number,
  expected: readonly string[],
  [seen, noise]: readonly [number, number],
  isFresh: boolean,
): Ways => {
  const piece = pieces[at];
  const next: Ways = new Map();
  if (piece === undefined) return next;
  const shown = typeof piece === 'string' ? [piece] : piece.redrawn;
  // Before the first character the end of the prompt may still be on its way.
  if (seen === 0 && isFresh) add(next, 0, noise + shown.filter((character) => character !== ' ').length);
  const further = seenWith(piece, expected, seen);
  if (further !== undefined) add(next, further, noise);
  if (isWrap(pieces, at, expected, seen)) add(next, seen, noise);
  return next;
};

/**
 * Aligns what came with what is expected: for each count of expected characters that may have been seen, the least other
 * output in front of them or in between. Other output ends only with the end of its line, so that a lost or altered
 * character never aligns.
 */
export const align = (
  pieces: readonly EchoPiece[],
  expected: readonly string[],
  isFresh: boolean,
): ReadonlyMap<number, number> => {
  let ways: Ways = new Map([[0, 0]]);
  // Ways that other output has broken off, each with its noise less what had been shown then.
  let broken: Ways = new Map();
  let shown = 0;
  for (const [at, piece] of pieces.entries()) {
    if (piece === '\r') continue;
    if (piece === '\n') {
      for (const [seen, noise] of broken) add(ways, seen, noise + shown);
      broken = new Map();
      continue;
    }
    const next: Ways = new Map();
    for (const way of ways) {
      add(broken, way[0], way[1] - shown);
      for (const [seen, noise] of follow(pieces, at, expected, way, isFresh)) add(next, seen, noise);
    }
    shown += typeof piece === 'string' ? 1 : piece.redrawn.length;
    ways = next;
  }
  return ways;
};
