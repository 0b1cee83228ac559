/** Takes hidden values out of a stream of bytes, however they are cut into pieces. */
export type ByteMask = {
  /** From now on `shown` stands in place of these bytes. */
  readonly hide: (bytes: Uint8Array, shown: string) => void;
  /** What may be shown by now. */
  readonly take: (bytes: Uint8Array) => Uint8Array;
  /**
   * What was held back, because it might become a hidden value: when nothing has come for a while all but what has become
   * half of one (`quiet`), or everything, with a mask in place of that (`end`).
   */
  readonly rest: (when: 'quiet' | 'end') => Uint8Array;
  readonly isHolding: () => boolean;
};

type Hidden = { readonly bytes: Uint8Array; readonly shown: string };

const [newline, cr, esc, blank, bracket] = [0x0a, 0x0d, 0x1b, 0x20, 0x5b];

// So much of a value is its beginning by accident only in a very short prompt.
const telling = 4;

const longestSequence = 16;
const mostBetween = 64;

/**
 * The length of what a line editor may have put in at `at`, where it wraps a line: a line end, a blank and CR, CR and the
 * last character again, or a sequence that moves the cursor. 0: it is nothing of the kind; undefined: the text ends in it.
 */
const between = (text: Uint8Array, at: number, before: number | undefined): number | undefined => {
  const [first, second] = [text[at], text[at + 1]];
  if (first === newline) return 1;
  if (first === cr) return second === undefined ? undefined : second === newline || second === before ? 2 : 1;
  if (first === blank) return second === undefined ? undefined : second === cr ? 2 : 0;
  if (first !== esc) return 0;
  if (second === undefined) return undefined;
  if (second !== bracket) return 0;
  for (let length = 2; length < longestSequence; length++) {
    const byte = text[at + length];
    if (byte === undefined) return undefined;
    if (byte >= 0x40) return length + 1;
  }
  return 0;
};

/** What stands at a place: the longest hidden value, if one ends there; and how much of a longer one, if the text ends in it. */
type Match = { readonly found?: { readonly hidden: Hidden; readonly end: number }; readonly begun: number };

const nothing: Match = { begun: 0 };

/** The first of the sorted values from `low` on whose byte at `depth` is at least `byte`. */
const firstFrom = (sorted: readonly Hidden[], low: number, high: number, depth: number, byte: number): number => {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = (from + to) >> 1;
    // One that is over already comes first.
    if ((sorted[middle]?.bytes[depth] ?? -1) < byte) from = middle + 1;
    else to = middle;
  }
  return from;
};

/** Walks along the text and narrows down the values that it may be: the cost does not grow with how many there are. */
const matchAt = (sorted: readonly Hidden[], text: Uint8Array, at: number): Match => {
  let [low, high, depth, place, inserted] = [0, sorted.length, 0, at, 0];
  let found: Match['found'];
  for (;;) {
    const shortest = sorted[low];
    if (shortest?.bytes.byteLength === depth) {
      found = { hidden: shortest, end: place };
      low++;
    }
    if (low === high) return found === undefined ? nothing : { found, begun: 0 };
    const byte = text[place];
    if (byte === undefined) return { ...(found === undefined ? {} : { found }), begun: depth };
    const first = firstFrom(sorted, low, high, depth, byte);
    const last = firstFrom(sorted, first, high, depth, byte + 1);
    if (first < last) {
      [low, high] = [first, last];
      depth++;
      place++;
      continue;
    }
    const length = depth === 0 ? 0 : between(text, place, sorted[low]?.bytes[depth - 1]);
    if (length === undefined) return { ...(found === undefined ? {} : { found }), begun: depth };
    inserted += length;
    if (length === 0 || inserted > mostBetween) return found === undefined ? nothing : { found, begun: 0 };
    place += length;
  }
};

export const makeByteMask = (): ByteMask => {
  let sorted: readonly Hidden[] = [];
  const isFirst = new Uint8Array(256);
  let held: Uint8Array = new Uint8Array();

  const replace = (text: Uint8Array, when: 'more' | 'quiet' | 'end'): Uint8Array => {
    const parts: Uint8Array[] = [];
    let from = 0;
    let at = 0;
    while (at < text.byteLength) {
      if (isFirst[text[at] ?? 0] === 0) {
        at++;
        continue;
      }
      const { found, begun } = matchAt(sorted, text, at);
      const isTelling = begun >= telling;
      if (begun > 0 && (when === 'more' || (when === 'quiet' && isTelling))) break;
      if (found === undefined && !isTelling) {
        at++;
        continue;
      }
      parts.push(text.subarray(from, at), Buffer.from(found?.hidden.shown ?? sorted[0]?.shown ?? ''));
      from = at = isTelling || found === undefined ? text.byteLength : found.end;
    }
    held = Uint8Array.from(text.subarray(at));
    parts.push(text.subarray(from, at));
    return parts.length === 1 ? text.subarray(0, at) : Buffer.concat(parts);
  };
  return {
    hide: (bytes, shown) => {
      const [first] = bytes;
      if (first === undefined || sorted.some((one) => Buffer.compare(one.bytes, bytes) === 0)) return;
      sorted = [...sorted, { bytes, shown }].sort((one, two) => Buffer.compare(one.bytes, two.bytes));
      isFirst[first] = 1;
    },
    take: (bytes) => {
      if (sorted.length === 0) return bytes;
      return replace(held.byteLength === 0 ? bytes : Buffer.concat([held, bytes]), 'more');
    },
    rest: (when) => replace(held, when),
    isHolding: () => held.byteLength > 0,
  };
};
