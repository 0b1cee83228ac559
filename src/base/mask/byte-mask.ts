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
const matchAt = (sorted: readonly Hidden[], text: Uint8Array, at: number): Match => {
  let [low, high, depth, place, inserted] = [0, sorted.length, 0, at, 0];
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

/** All hidden values in the order of their bytes, and which bytes one of them begins with. */
type Values = { readonly sorted: readonly Hidden[]; readonly isFirst: Uint8Array };

/** The bytes without values, how many at the end are not decided yet, and the mark that the others end with. */
const replace = ({ sorted, isFirst }: Values, text: Uint8Array, when: When, before = '') => {
  const parts: Uint8Array[] = [];
  let from = 0;
  let at = 0;
  let last = before;
  while (at < text.byteLength) {
    if (isFirst[text[at] ?? 0] === 0) {
      at++;
      continue;
    }
    const { hidden, end, begun } = matchAt(sorted, text, at);
    const fate = fateOf(begun, when);
    if (fate === 'held') break;
    if (fate === 'shown' && hidden === undefined) {
      at++;
      continue;
    }
    const mark = hidden?.shown ?? sorted[0]?.shown ?? '';
    // The pieces of one long value are one mark.
    if (at > from || mark !== last) parts.push(text.subarray(from, at), Buffer.from(mark));
    last = mark;
    from = at = fate === 'masked' ? text.byteLength : end;
  }
  parts.push(text.subarray(from, at));
  return {
    shown: parts.length === 1 ? text.subarray(from, at) : Buffer.concat(parts),
    left: text.byteLength - at,
    last: at > from ? '' : last,
  };
};
export const makeByteMask = (): ByteMask => {
  const values: { sorted: readonly Hidden[]; readonly isFirst: Uint8Array } = {
    sorted: [],
    isFirst: new Uint8Array(256),
  };
  let held: Uint8Array = new Uint8Array();
  let ends = '';

  const next = (text: Uint8Array, when: When) => {
    const { shown, left, last } = replace(values, text, when, ends);
    ends = last;
    held = Uint8Array.from(text.subarray(text.byteLength - left));
    return shown;
  };
  return {
    hide: (hidden, shown) => {
      const added = hidden.filter(({ byteLength }) => byteLength > 0).map((bytes) => ({ bytes, shown }));
      values.sorted = [...values.sorted, ...added]
        .sort((one, two) => Buffer.compare(one.bytes, two.bytes))
        .filter(({ bytes }, n, all) => n === 0 || Buffer.compare(all[n - 1]?.bytes ?? bytes, bytes) !== 0);
      for (const { bytes } of added) values.isFirst[bytes[0] ?? 0] = 1;
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
