import { lstat, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, unlessErrno } from '../../base/errno.ts';
import { Fault } from '../../base/fault.ts';
import { syncFolder } from '../../base/file/sync-folder.ts';
import type { ArtifactAbout } from './about.ts';

/** Where a download ends up, and where it grows until then. */
export type DownloadPlace = {
  readonly file: string;
  /** Hidden, which no artifact is, and of this very content: what is there of another build's file is not gone on with. */
  readonly part: string;
};

export const placeOf = (folder: string, { name, sha256 }: ArtifactAbout): DownloadPlace => ({
  file: join(folder, name),
  part: join(folder, `.${name}.${sha256.slice(0, 12)}.part`),
});

const isThere = (file: string): Fault =>
  new Fault(
    'invalid_input',
    `${file} is there already. Name another folder with -o, or have it replaced with --replace.`,
  );

/** Throws `invalid_input` where the file is there already. */
export const refuseExisting = async ({ file }: DownloadPlace): Promise<void> => {
  if ((await unlessErrno(lstat(file), 'ENOENT')) !== undefined) throw isThere(file);
};

/** Gives the part the name of the file, which it replaces only where it is said to. Throws `invalid_input`. */
export const putInPlace = async (
  { file, part }: DownloadPlace,
  folder: string,
  existing: 'refuse' | 'replace',
): Promise<void> => {
  if (existing === 'refuse') {
    // The name is taken first, and by this process alone: a link does not do on every file system.
    const handle = await open(file, 'wx').catch((error: unknown) => {
      throw isErrno(error, 'EEXIST') ? isThere(file) : error;
    });
    await handle.close();
  }
  await rename(part, file);
  await syncFolder(folder);
};
