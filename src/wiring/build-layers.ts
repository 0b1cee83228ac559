import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unlessErrno } from '../base/errno.ts';
import { top, version } from '../base/package.ts';
import { makeBackground } from '../build/layers/background.ts';
import { makeKeepingCosts } from '../build/layers/costs.ts';
import type { LayeringMeans } from '../build/layers/open-layering.ts';
import { makeFileDigests } from '../layers/keys/file-digests.ts';
import { changingNames } from '../layers/keys/keys.ts';
import { keySecret } from '../layers/keys/secret.ts';
import type { BuildLayers } from '../layers/types.ts';
import type { SharedParts } from './shared.ts';

// Code that is compiled anew has the same version and may make something else. Of a bundle its files are the code: to read the
// thousand beside them as well took the first build after a start most of a second.
const own = dirname(fileURLToPath(import.meta.url));
const codeFolder = basename(own) === 'bundle' ? own : fileURLToPath(new URL('dist/src', top));

/** What builds keep and go on from; undefined where the configuration wants none. */
export const makeBuildLayers = async (
  { config, clock, signal }: SharedParts,
  shelf: BuildLayers,
): Promise<LayeringMeans | undefined> => {
  const { cache, data_dir } = config();
  if (!cache.enabled) return undefined;
  const digests = makeFileDigests(changingNames, clock.now);
  const readCode = async () => {
    const read = makeFileDigests([], clock.now).read(codeFolder, signal);
    return (await unlessErrno(read, 'ENOENT'))?.digest ?? version;
  };
  let code: Promise<string> | undefined;
  return {
    shelf,
    program: () => (code ??= readCode()),
    secret: await keySecret(join(data_dir, 'layers.key')),
    digests,
    costs: makeKeepingCosts(),
    background: makeBackground(),
    skipped: new Map(),
  };
};
