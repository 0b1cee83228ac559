/** Takes hidden values out of a stream of bytes, however they are cut into pieces. */
export type ByteMask = {
  /** From now on `shown` stands in place of each of these. */
  readonly hide: (values: readonly Uint8Array[], shown: string) => void;
  /** What may be shown by now. */
  readonly take: (bytes: Uint8Array) => Uint8Array;
  /**
   * What was held back, because it might become a hidden value: when nothing has come for a while all but what has become
   * half of one (`quiet`), or everything, with a mask in place of that (`end`).
   */
  readonly rest: (when: 'quiet' | 'end') => Uint8Array;
  readonly isHolding: () => boolean;
  /** A text that is whole by itself, without hidden values. */
  readonly text: (text: string) => string;
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

/** Whether a line editor may have put something in at `at`. */
const mayBeBetween = (text: Uint8Array, at: number): boolean => {
  const byte = text[at];
  if (byte === blank) return text[at + 1] === cr || text[at + 1] === undefined;
  return byte === undefined || byte === newline || byte === cr || byte === esc;
};

/**
 * All hidden values in the order of their bytes; for each byte where those that begin with it start, and, at 256, how many
 * there are; and which hashes their first three bytes have: at most places of a text no value begins, and these tell that.
 */
type Values = { readonly sorted: readonly Hidden[]; readonly starts: Uint32Array; readonly triples: Uint8Array };

// Knuth's multiplicative hash, 16 bits.
const hashAt = (bytes: Uint8Array, at: number): number =>
  Math.imul(((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0), 0x9e3779b1) >>> 16;

const valuesOf = (hidden: readonly Hidden[]): Values => {
  const sorted = hidden
    .toSorted((one, two) => Buffer.compare(one.bytes, two.bytes))
    .filter(({ bytes }, n, all) => n === 0 || Buffer.compare(all[n - 1]?.bytes ?? bytes, bytes) !== 0);
  const starts = new Uint32Array(257);
  for (const { bytes } of sorted) starts[(bytes[0] ?? 0) + 1] = (starts[(bytes[0] ?? 0) + 1] ?? 0) + 1;
  for (let byte = 1; byte <= 256; byte++) starts[byte] = (starts[byte] ?? 0) + (starts[byte - 1] ?? 0);
  const triples = new Uint8Array(2 ** 16);
  // What is shorter may go on in any way.
  if (sorted.some(({ bytes }) => bytes.byteLength < 3)) triples.fill(1);
  for (const { bytes } of sorted) triples[hashAt(bytes, 0)] = 1;
  return { sorted, starts, triples };
};

/** Whether a value may begin at this place; it says yes too often, and never no too often. */
const mayBegin = ({ starts, triples }: Values, text: Uint8Array, at: number): boolean => {
  const byte = text[at] ?? 0;
  if (starts[byte] === starts[byte + 1]) return false;
  return triples[hashAt(text, at)] === 1 || mayBeBetween(text, at + 1) || mayBeBetween(text, at + 2);
};

/** What stands at a place: the longest hidden value, if one ends there; and how much of a longer one, if the text ends in it. */
type Match = { readonly hidden: Hidden | undefined; readonly end: number; readonly begun: number };

const nothing: Match = { hidden: undefined, end: 0, begun: 0 };

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
const matchAt = ({ sorted, starts }: Values, text: Uint8Array, at: number): Match => {
  let low = starts[text[at] ?? 0] ?? 0;
  let high = starts[(text[at] ?? 0) + 1] ?? 0;
  let [depth, place, inserted] = [0, at, 0];
  let hidden: Hidden | undefined;
  let end = at;
  const ended = (begun: number): Match => (hidden === undefined && begun === 0 ? nothing : { hidden, end, begun });
  for (;;) {
    const shortest = sorted[low];
    if (shortest?.bytes.byteLength === depth) {
      hidden = shortest;
      end = place;
      low++;
    }
    if (low === high) return ended(0);
    const byte = text[place];
    if (byte === undefined) return ended(depth);
    // Where the first and the last go on alike, so do those between them.
    const isShared = sorted[low]?.bytes[depth] === byte && sorted[high - 1]?.bytes[depth] === byte;
    const first = isShared ? low : firstFrom(sorted, low, high, depth, byte);
    const last = isShared ? high : firstFrom(sorted, first, high, depth, byte + 1);
    if (first < last) {
      [low, high] = [first, last];
      depth++;
      place++;
      continue;
    }
    const length = depth === 0 ? 0 : between(text, place, sorted[low]?.bytes[depth - 1]);
    if (length === undefined) return ended(depth);
    inserted += length;
    if (length === 0 || inserted > mostBetween) return ended(0);
    place += length;
  }
};

type When = 'more' | 'quiet' | 'end' | 'whole';

/** Whether the beginning of a value waits for its rest, is masked without it, or is shown. */
const fateOf = (begun: number, when: When): 'held' | 'masked' | 'shown' => {
  if (begun === 0 || when === 'whole') return 'shown';
  if (when === 'more') return 'held';
  if (begun < telling) return 'shown';
  return when === 'quiet' ? 'held' : 'masked';
};

/** What comes before a text: the mark that was shown last, if nothing was since, and how many of its first bytes that covers. */
type Before = { readonly last: string; readonly covered: number };

const nothingBefore: Before = { last: '', covered: 0 };

/** A text as it is shown, and the bytes that one match after the other has covered so far. */
const makeShown = (text: Uint8Array, before: Before) => {
  const parts: Uint8Array[] = [];
  let { last, covered: until } = before;
  return {
    /** A mark stands in place of these bytes; what overlaps or follows on each other is one mark. */
    cover: (start: number, end: number, mark: string): void => {
      if (start > until) parts.push(text.subarray(until, start));
      if (start > until || mark !== last) parts.push(Buffer.from(mark));
      last = mark;
      until = Math.max(until, end);
    },
    /** All up to `at`, and what is before the rest. */
    upTo: (at: number): { readonly shown: Uint8Array; readonly before: Before } => {
      const plain = text.subarray(Math.min(until, at), at);
      const shown = parts.length === 0 ? plain : Buffer.concat([...parts, plain]);
      return { shown, before: plain.byteLength > 0 ? nothingBefore : { last, covered: until - at } };
    },
  };
};

/**
 * The bytes without values, how many at the end are not decided yet, and what is before those. Values may overlap: the forms
 * of a long one are looked for in pieces, which begin at different places.
 */
const replace = (values: Values, text: Uint8Array, when: When, before: Before = nothingBefore) => {
  const { cover, upTo } = makeShown(text, before);
  let at = 0;
  for (; at < text.byteLength; at++) {
    if (!mayBegin(values, text, at)) continue;
    const { hidden, end, begun } = matchAt(values, text, at);
    const fate = fateOf(begun, when);
    if (fate === 'held') break;
    if (hidden !== undefined) cover(at, end, hidden.shown);
    if (fate === 'masked') cover(at, text.byteLength, hidden?.shown ?? values.sorted[0]?.shown ?? '');
  }
  return { ...upTo(at), left: text.byteLength - at };
};

export const makeByteMask = (): ByteMask => {
  let values = valuesOf([]);
  let held: Uint8Array = new Uint8Array();
  let before = nothingBefore;

  const next = (text: Uint8Array, when: When) => {
    const { left, ...replaced } = replace(values, text, when, before);
    before = replaced.before;
    held = Uint8Array.from(text.subarray(text.byteLength - left));
    return replaced.shown;
  };
  return {
    hide: (hidden, shown) => {
      const added = hidden.filter(({ byteLength }) => byteLength > 0).map((bytes) => ({ bytes, shown }));
      values = valuesOf([...values.sorted, ...added]);
    },
    take: (bytes) => {
      if (values.sorted.length === 0) return bytes;
      return next(held.byteLength === 0 ? bytes : Buffer.concat([held, bytes]), 'more');
    },
    rest: (when) => next(held, when),
    isHolding: () => held.byteLength > 0,
    text: (text) => {
      const bytes = Buffer.from(text);
      const { shown } = replace(values, bytes, 'whole');
      // Also where it is no Unicode, and would not come back as it was.
      return shown.byteLength === bytes.byteLength && bytes.equals(shown) ? text : Buffer.from(shown).toString();
    },
  };
};
