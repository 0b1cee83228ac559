// Longer lines are compared by their beginning: a mask looks at each character several times.
const longestCompared = 400;

/** What differs from build to build though nothing else does, in the order in which it is looked for. */
const masks: readonly (readonly [what: RegExp, shown: string])[] = [
  // UUIDs, and ids as imaged's own (ULID).
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, '<id>'],
  [/\b[0-9a-hjkmnp-tv-z]{26}\b/gi, '<id>'],
  // Hardware addresses, and IPv6.
  [/\b(?:[0-9a-f]{1,4}:{1,2}){3,7}[0-9a-f]{1,4}\b/gi, '<address>'],
  [/\b(?:[0-9a-f]{1,4}:){1,6}:[0-9a-f]{1,4}\b/gi, '<address>'],
  // Digests, fingerprints, keys, addresses in memory.
  [/\b0x[0-9a-f]+\b/gi, '<id>'],
  [/\b(?=[a-f]*\d)[0-9a-f]{7,}\b/gi, '<id>'],
  [/\b(?=[A-Za-z+/]*\d)[A-Za-z0-9+/]{24,}={0,2}/g, '<id>'],
  [/\btmp[._-]?[A-Za-z0-9]{6,}\b/g, '<id>'],
  [/\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b/g, '<day>'],
  [/\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b/g, '<month>'],
  // Numbers, times, versions, addresses, with the unit behind them.
  [/\d+(?:[.,:]\d+)*(?: ?(?:[KMGT]i?B?|bytes|[mun]?s)\b)?/g, '<number>'],
  // Bars, and what fills a column.
  [/([-*=#._|>~])\1{2,}/g, '<bar>'],
  [/\s+/g, ' '],
];

/** A line of a console without what differs from build to build: numbers, times, addresses and ids. */
export const masked = (line: string): string =>
  masks.reduce((text, [what, shown]) => text.replace(what, shown), line.slice(0, longestCompared)).trim();

const word = /\p{L}/u;

/** Whether a line that is masked says anything: a blank one and a bar do not. */
export const saysSomething = (line: string): boolean => word.test(line.replace(/<(?:number|bar)>/g, ''));
