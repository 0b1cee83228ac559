import { join } from 'node:path';
import { makeBackground } from '../build/layers/background.ts';
import { makeKeepingCosts } from '../build/layers/costs.ts';
import type { Layers } from '../build/layers/open-layering.ts';
import { makeFileDigests } from '../layers/keys/file-digests.ts';
import { changingNames } from '../layers/keys/keys.ts';
import { keySecret } from '../layers/keys/secret.ts';
import type { BuildLayers } from '../layers/types.ts';
import type { Shared } from './shared.ts';

/** What builds keep and go on from; undefined where the configuration wants none. */
export const makeBuildLayers = async ({ config, clock }: Shared, shelf: BuildLayers): Promise<Layers | undefined> => {
  const { cache, data_dir } = config();
  if (!cache.enabled) return undefined;
  return {
    shelf,
    secret: await keySecret(join(data_dir, 'layers.key')),
    digests: makeFileDigests(changingNames, clock.now),
    costs: makeKeepingCosts(),
    background: makeBackground(),
    skipped: new Map(),
  };
};
