/** An RFC 6901 pointer from the keys on the way to a place: `~` and `/` in a key are written `~0` and `~1`. */
export const pointerTo = (path: readonly PropertyKey[]): string =>
  path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** The key that one segment of a pointer stands for. */
export const keyOfSegment = (segment: string): string => segment.replaceAll('~1', '/').replaceAll('~0', '~');
