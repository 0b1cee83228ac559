import { join } from 'node:path';
import { artifactName, sumsName } from '../base/artifact-name.ts';
import { writeWhole } from '../base/file/write-whole.ts';
import { sumLine } from '../base/sums.ts';
import type { Artifact } from './types.ts';

/** The lines that sha256(1) of the BSDs prints, `sha256 -C` and `sha256sum -c` check, and signify(1) signs. */
const sumLines = (artifacts: readonly Artifact[]): string =>
  artifacts.map(({ name, sha256 }) => sumLine(artifactName(name), sha256)).join('');

/** Writes the `SHA256` file of a folder of artifacts, mode 0440; it is never seen half-written. */
export const writeSums = (folder: string, artifacts: readonly Artifact[]): Promise<void> =>
  writeWhole(join(folder, sumsName), sumLines(artifacts), { mode: 0o440, aside: join(folder, `.${sumsName}.new`) });
