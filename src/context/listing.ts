import { readdirSync, realpathSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { isWithin } from '../base/file/is-within.ts';
import { isErrno } from '../base/errno.ts';

/** What a context holds, by paths relative to it. */
export type Listing = {
  readonly has: (path: string) => boolean;
  /** The paths of all files below a folder, relative to it; none where there is no such folder. */
  readonly below: (folder: string) => readonly string[];
};

const absent = ['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE'];

/** Looks into the folder of a context, each path proven to lie in it; undefined: there is no context, and nothing in it. */
export const listingOf = (root: string | undefined): Listing => {
  const folders = new Map<string, readonly string[]>();

  const realPath = (path: string): string | undefined => {
    if (root === undefined) return undefined;
    try {
      const real = realpathSync.native(join(root, path));
      return isWithin(realpathSync.native(root), real) ? real : undefined;
    } catch (error) {
      if (!isErrno(error, ...absent)) throw error;
      return undefined;
    }
  };

  const read = (folder: string): readonly string[] => {
    const real = realPath(folder);
    if (real === undefined) return [];
    try {
      return readdirSync(real, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(real, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
        .sort();
    } catch (error) {
      if (!isErrno(error, ...absent)) throw error;
      return [];
    }
  };

  return {
    has: (path) => realPath(path) !== undefined,
    below: (folder) => {
      const known = folders.get(folder) ?? read(folder);
      folders.set(folder, known);
      return known;
    },
  };
};
