import rangeParser from 'range-parser';

/** The part of a file that is to be sent: `start` and `end` are the first and the last byte. */
export type Part =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'outside' };

/**
 * What a Range header asks of a file of `size` bytes (RFC 9110, 14.2). A header that makes no sense, names another
 * unit, or wants several parts is as if it were not there.
 */
export const partOf = (range: string | undefined, size: number): Part => {
  if (range === undefined || range.length > 1024 || !/^bytes *=/i.test(range)) return { kind: 'whole' };
  // A suffix longer than the file is all of it, and an end beyond it is its last byte.
  const suffix = /^bytes *= *-([0-9]{1,15})$/i.exec(range)?.[1];
  if (suffix !== undefined)
    return Number(suffix) === 0 || size === 0
      ? { kind: 'outside' }
      : { kind: 'part', start: Math.max(0, size - Number(suffix)), end: size - 1 };
  const parts = rangeParser(size, range);
  if (parts === -2) return { kind: 'whole' };
  if (parts === -1) return { kind: 'outside' };
  const [part, ...others] = parts;
  return part === undefined || others.length > 0 || range.includes(',') ? { kind: 'whole' } : { kind: 'part', ...part };
};

/** Whether an If-None-Match names this ETag; weakly compared, as RFC 9110 13.1.2 has it. */
export const matchesAny = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  (header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag));

/** Whether an If-Match names this ETag; strongly compared, as RFC 9110 13.1.1 has it. */
export const matchesStrongly = (header: string, etag: string): boolean =>
  header.trim() === '*' || header.split(',').some((one) => one.trim() === etag);
