import { indexFile, indexLine, mirrorRoot, namesInIndex } from '../base/openbsd/mirror-layout.ts';
import { namesBelow, smallFileBelow } from './served-sets.ts';
import type { TurnPause } from '../base/turns.ts';
import type { HttpEntry } from '../template/spec.ts';

// The folder of the sets need not be there yet.
const linesOf = (root: string, way: string): readonly string[] => {
  const own = smallFileBelow({ root, way: `${way}/${indexFile}` });
  if (own !== undefined) return own.split('\n').filter((line) => line !== '');
  return [...namesBelow({ root, way })].sort().map(indexLine);
};

/**
 * For each directory with a site set and without an index.txt of the template's: one that lists it too. The installer
 * knows of a site set from there alone (install.sub, `install_http`). The mirror lists what a machine has of its own by
 * itself: `hasMirror`.
 */
export const indexFor = async (
  entries: readonly HttpEntry[],
  hasMirror: boolean,
  pause: TurnPause,
): Promise<readonly HttpEntry[]> => {
  const sites = entries.filter(({ kind, path }) => kind === 'site' && path.includes('/'));
  const directories = new Set(sites.map(({ path }) => path.slice(0, path.lastIndexOf('/'))));
  const indexOf = (directory: string): readonly HttpEntry[] => {
    const path = `${directory}/${indexFile}`;
    if (entries.some((entry) => entry.path === path)) return [];
    const folder = entries
      .flatMap((entry) => (entry.kind === 'folder' ? [entry] : []))
      .filter((entry) => entry.path === '' || `${directory}/`.startsWith(`${entry.path}/`))
      .toSorted((one, other) => other.path.length - one.path.length)[0];
    if (hasMirror && folder === undefined && directory.startsWith(mirrorRoot)) return [];
    const below = folder === undefined ? '' : directory.slice(folder.path.length);
    const known = folder === undefined ? [] : linesOf(folder.folder.path, below);
    const listed = new Set(namesInIndex(known.join('\n')));
    const own = entries
      .filter(
        (entry) => entry.path.startsWith(`${directory}/`) && !entry.path.slice(directory.length + 1).includes('/'),
      )
      .map((entry) => entry.path.slice(directory.length + 1))
      .filter((name) => !listed.has(name));
    return [{ path, kind: 'text', text: [`${[...known, ...own.map(indexLine)].join('\n')}\n`] }];
  };
  const indexes: HttpEntry[] = [];
  for (const directory of directories) {
    await pause();
    indexes.push(...indexOf(directory));
  }
  return indexes;
};
