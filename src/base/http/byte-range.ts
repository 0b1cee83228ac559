import type { IncomingHttpHeaders } from 'node:http';

/** The part of a file that is to be sent: `first` and `last` are offsets of bytes, both included. */
export type Part =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly first: number; readonly last: number }
  /** Nothing of what was asked for lies in the file. */
  | { readonly kind: 'outside' };

const longestHeader = 1024;

// Our own: the package range-parser (1.3) rejects a suffix longer than the file, which RFC 9110 (14.1.2) takes for all of it.
/**
 * What a Range header asks of a file of `size` bytes (RFC 9110, 14.2): one range, or one whose end is before its
 * beginning, which is rejected as lying outside. A header that makes no sense, names another unit, or asks for several
 * ranges is ignored.
 */
export const partOf = (header: string | undefined, size: number): Part => {
  const text = header === undefined || header.length > longestHeader ? '' : header.replace(/[ \t]/g, '');
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/i.exec(text) ?? [];
  if (from === '' && to === '') return { kind: 'whole' };
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  return first > last ? { kind: 'outside' } : { kind: 'part', first, last };
};

/** What a request asks of a file whose state has these names: an If-Range that is none of them means the whole (13.1.5). */
export const partAsked = (
  { method, headers }: { readonly method: string; readonly headers: IncomingHttpHeaders },
  size: number,
  states: readonly (string | undefined)[],
): Part => {
  const condition = headers['if-range'];
  const isSame = condition === undefined || states.includes(String(condition));
  return method === 'GET' && isSame ? partOf(headers.range, size) : { kind: 'whole' };
};

/** The Content-Range of a part, or of a file of which nothing was asked for (14.4). */
export const contentRange = (part: Exclude<Part, { kind: 'whole' }>, size: number): string =>
  `bytes ${part.kind === 'part' ? `${part.first}-${part.last}` : '*'}/${size}`;
