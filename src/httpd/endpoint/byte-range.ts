/** The part of a file to send: `first` and `last` are offsets, both included. */
export type ByteRange = { readonly first: number; readonly last: number };

/**
 * Reads a Range header for a file of `size` bytes (RFC 9110, 14.1.2): the range, `none` where the whole file is the
 * right answer (no range, several, or one that cannot be read), `outside` where nothing of it lies in the file.
 */
export const byteRange = (header: string | undefined, size: number): ByteRange | 'none' | 'outside' => {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.replace(/[ \t]/g, '') ?? '');
  if (!match) return 'none';
  const [, from = '', to = ''] = match;
  if (from === '' && to === '') return 'none';
  if (from === '') {
    const length = Math.min(Number(to), size);
    return length === 0 ? 'outside' : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && Number(to) < first) return 'none';
  return first >= size ? 'outside' : { first, last };
};
