/** Folders in which programs of a template work on the host. They may hold a copy of the build's key. */

import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { unlessErrno } from '../../base/errno.ts';
import type { Identity } from '../../base/identity.ts';
import { runProgram } from '../../base/program.ts';

const prefix = 'imaged-host-';

/**
 * Makes one. It lies in the workspace, and for another user, who may not come in there, below the host's folder for temporary
 * files; then a link in the workspace names it, made first, so that what a killed daemon leaves is found.
 */
export const makeHostFolder = async (workspace: string, user: Identity | undefined): Promise<string> => {
  const name = `${prefix}${randomUUID()}`;
  const folder = join(user === undefined ? workspace : tmpdir(), name);
  if (user !== undefined) await symlink(folder, join(workspace, name));
  await mkdir(folder, { mode: 0o700 });
  return folder;
};

/** What a user wrote is removed by that user: root would follow what the user puts in its way meanwhile. */
export const removeHostFolder = async (workspace: string, folder: string): Promise<void> => {
  const found = await unlessErrno(lstat(folder), 'ENOENT');
  const { signal } = new AbortController();
  if (found !== undefined && process.getuid?.() === 0 && found.uid !== 0)
    await runProgram('/bin/rm', ['-rf', '--', folder], {
      ...{ signal, as: { uid: found.uid, gid: found.gid }, cwd: '/', accept: 'any' },
    });
  await rm(folder, { recursive: true, force: true });
  await rm(join(workspace, basename(folder)), { force: true });
};

/** Removes those of a workspace that a killed daemon left behind. */
export const removeHostFolders = async (workspace: string): Promise<void> => {
  const entries = (await unlessErrno(readdir(workspace, { withFileTypes: true }), 'ENOENT', 'ENOTDIR')) ?? [];
  for (const entry of entries) {
    if (!entry.name.startsWith(prefix)) continue;
    const path = join(workspace, entry.name);
    await removeHostFolder(workspace, entry.isSymbolicLink() ? await readlink(path) : path);
  }
};
