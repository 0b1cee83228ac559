import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { scheduleBounds } from '../../base/bounds.ts';
import { unlessErrno } from '../../base/errno.ts';

const stateOf = async (path: string): Promise<unknown> => {
  const found = await unlessErrno(stat(path), 'ENOENT', 'ENOTDIR');
  return found === undefined ? [path] : [path, found.ino, found.size, found.mtimeMs];
};

/**
 * How the files at a path stand, all below a folder: by place, size and time of change. Undefined: there are more than are
 * looked at.
 */
export const filesAt = async (path: string): Promise<readonly unknown[] | undefined> => {
  const found = await unlessErrno(stat(path), 'ENOENT', 'ENOTDIR');
  if (found?.isDirectory() !== true) return [await stateOf(path)];
  const names = await readdir(path, { recursive: true });
  if (names.length > scheduleBounds.files) return undefined;
  return Promise.all(names.toSorted().map((name) => stateOf(join(path, name))));
};
