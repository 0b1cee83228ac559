import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { artifactName, sumsName } from '../base/artifact-name.ts';
import { sumLine } from '../base/sums.ts';
import { syncFolder } from '../base/file/sync-folder.ts';
import type { Artifact } from './types.ts';

/** The lines that sha256(1) of the BSDs prints, `sha256 -C` and `sha256sum -c` check, and signify(1) signs. */
export const sumLines = (artifacts: readonly Artifact[]): string =>
  artifacts.map(({ name, sha256 }) => sumLine(artifactName(name), sha256)).join('');

/** Writes the `SHA256` file of a folder of artifacts, mode 0440; it is never seen half-written. */
export const writeSums = async (folder: string, artifacts: readonly Artifact[]): Promise<void> => {
  const aside = join(folder, `.${sumsName}.new`);
  await rm(aside, { force: true });
  {
    await using file = await open(aside, 'wx', 0o440);
    await file.writeFile(sumLines(artifacts));
    await file.sync();
  }
  await rename(aside, join(folder, sumsName));
  await syncFolder(folder);
};
