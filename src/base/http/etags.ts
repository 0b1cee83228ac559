import type { IncomingHttpHeaders } from 'node:http';

/** Whether an If-None-Match names this ETag; weakly compared, as RFC 9110 13.1.2 has it. */
export const matchesAny = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  (header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag));

/** Whether an If-Match names this ETag; strongly compared, as RFC 9110 13.1.1 has it. */
export const matchesStrongly = (header: string, etag: string): boolean =>
  header.trim() === '*' || header.split(',').some((one) => one.trim() === etag);

/**
 * Whether a client has the state of a file already (RFC 9110, 13.1.2 and 13.1.3): it is one of those that If-None-Match
 * names or, only where that header is missing, as old as If-Modified-Since says. A date in another form than that of our
 * own Last-Modified is ignored.
 */
export const isKnownState = (
  { headers }: { readonly headers: IncomingHttpHeaders },
  etag: string,
  modified: Date,
): boolean => {
  const { 'if-none-match': tags, 'if-modified-since': since = '' } = headers;
  if (tags !== undefined) return matchesAny(tags, etag);
  const sinceMs = Date.parse(since);
  const isDate = !Number.isNaN(sinceMs) && new Date(sinceMs).toUTCString() === since;
  // A Last-Modified has whole seconds.
  return isDate && Math.floor(modified.getTime() / 1000) * 1000 <= sinceMs;
};
