/**
 * The path that a request line asks for, without a slash in front: percent-decoded once, without its query, without
 * empty and `.` segments. Undefined when no file can be meant by it: `..`, NUL, an encoded slash, a folder, bad encoding.
 */
export const askedPath = (url: string): string | undefined => {
  // A client that takes us for its proxy sends the whole address (RFC 9112, 3.2.2).
  const target = url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  const segments: string[] = [];
  for (const encoded of target.split('/')) {
    const segment = decoded(encoded);
    if (segment === undefined || segment === '..' || /[/\0]/.test(segment)) return undefined;
    if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return target.endsWith('/') ? undefined : segments.join('/');
};

const decoded = (segment: string): string | undefined => {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Not percent-encoded UTF-8: nothing that we serve has such a name.
    return undefined;
  }
};
