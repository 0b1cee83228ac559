import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sumsName } from '../base/artifact-name.ts';
import { syncFolder } from '../base/sync-folder.ts';
import { sumLine } from './sum-line.ts';
import type { Artifact } from './types.ts';

/** Writes the `SHA256` file of a folder of artifacts, mode 0440; it is never seen half-written. */
export const writeSums = async (folder: string, artifacts: readonly Artifact[]): Promise<void> => {
  const aside = join(folder, `.${sumsName}.new`);
  await rm(aside, { force: true });
  {
    await using file = await open(aside, 'wx', 0o440);
    await file.writeFile(artifacts.map(({ name, sha256 }) => sumLine('sha256', name, sha256, 'bsd')).join(''));
    await file.sync();
  }
  await rename(aside, join(folder, sumsName));
  await syncFolder(folder);
};
