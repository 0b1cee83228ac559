import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { scheduleBounds } from '../../base/bounds.ts';
import { unlessErrno } from '../../base/errno.ts';

const stateOf = async (path: string, found?: Stats): Promise<unknown> => {
  const { ino, size, mtimeMs } = found ?? (await unlessErrno(stat(path), 'ENOENT', 'ENOTDIR')) ?? {};
  return ino === undefined ? [path] : [path, ino, size, mtimeMs];
};

/**
 * How the files at a path stand, all below a folder: by place, size and time of change. Undefined: there are more than are
 * looked at.
 */
export const filesAt = async (path: string): Promise<readonly unknown[] | undefined> => {
  const found = await unlessErrno(stat(path), 'ENOENT', 'ENOTDIR');
  if (found?.isDirectory() !== true) return [await stateOf(path, found)];
  const names = await readdir(path, { recursive: true });
  if (names.length > scheduleBounds.files) return undefined;
  return Promise.all(names.toSorted().map((name) => stateOf(join(path, name))));
};
