/** Whether an If-None-Match names this ETag; weakly compared, as RFC 9110 13.1.2 has it. */
export const matchesAny = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  (header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag));

/** Whether an If-Match names this ETag; strongly compared, as RFC 9110 13.1.1 has it. */
export const matchesStrongly = (header: string, etag: string): boolean =>
  header.trim() === '*' || header.split(',').some((one) => one.trim() === etag);
