/** A file of the package, below its prefix. `as`: what pkg_create(1) is told about it. */
export type Packed = { readonly path: string; readonly as?: '@so' };

const foldersOf = (path: string): readonly string[] => {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, at) => `${parts.slice(0, at + 1).join('/')}/`);
};

/** The lines for files below `folder`, which ends with a slash: each folder stands before what is in it. */
export const linesBelow = (folder: string, files: readonly Packed[]): readonly string[] => {
  const lines = new Map<string, string>([[folder, folder]]);
  for (const { path, as } of files)
    if (path.startsWith(folder)) {
      for (const above of foldersOf(path)) if (above.startsWith(folder)) lines.set(above, above);
      lines.set(path, as === undefined ? path : `${as} ${path}`);
    }
  return [...lines].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
};

// What pkg_add(1) copies to its place when the host has none (pkg_create(1), @sample).
const samples: Readonly<Record<string, string>> = {
  'share/examples/imaged/imaged.conf': '@sample ${SYSCONFDIR}/imaged.conf',
  'share/examples/imaged/login.conf.d/imaged': '@sample ${SYSCONFDIR}/login.conf.d/imaged',
};

/** The packing list: pkg/PLIST, in which a line that ends with a slash becomes all that is below it. */
export const packingList = (plist: string, files: readonly Packed[]): string =>
  plist
    .split('\n')
    .flatMap((line) => (/^[a-z].*\/$/.test(line) ? linesBelow(line, files) : [line]))
    .flatMap((line) => [line, ...(samples[line] === undefined ? [] : [samples[line]])])
    .join('\n');
