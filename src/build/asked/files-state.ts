import type { Stats } from 'node:fs';
import { statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { scheduleBounds } from '../../base/bounds.ts';
import { isErrno, unlessErrno } from '../../base/errno.ts';

// Where nothing is there, an error with its trace would take longer than all else of a request.
const statOf = (path: string): Stats | undefined => {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
};

const stateOf = (path: string, found: Stats | undefined): unknown =>
  found === undefined ? [path] : [path, found.ino, found.size, found.mtimeMs];

/**
 * How the files at a path stand, all below a folder: by place, size and time of change. Undefined: there are more than are
 * looked at.
 */
export const filesAt = async (path: string): Promise<readonly unknown[] | undefined> => {
  // At once, as where a template's files are looked up: a promise would be a turn of the event loop for each.
  const found = statOf(path);
  if (found?.isDirectory() !== true) return [stateOf(path, found)];
  const names = await readdir(path, { recursive: true });
  if (names.length > scheduleBounds.files) return undefined;
  return Promise.all(
    names.toSorted().map(async (name) => {
      const file = join(path, name);
      return stateOf(file, await unlessErrno(stat(file), 'ENOENT', 'ENOTDIR'));
    }),
  );
};
