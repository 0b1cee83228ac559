export type Mount = { readonly at: string; readonly options: readonly string[] };

/** What mount(8) prints without arguments on OpenBSD: `/dev/sd0h on /usr/local type ffs (local, nodev, wxallowed)`. */
export const mountsOf = (text: string): readonly Mount[] =>
  [...text.matchAll(/^\S+ on (.+) type \S+ \((.*)\)$/gm)].map(([, at = '', options = '']) => ({
    at,
    options: options.split(/,\s*/),
  }));

/** The file system that holds the path. */
export const mountOf = (mounts: readonly Mount[], path: string): Mount | undefined =>
  mounts
    .filter(({ at }) => at === '/' || path === at || path.startsWith(`${at}/`))
    .toSorted((one, other) => other.at.length - one.at.length)[0];
