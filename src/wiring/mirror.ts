import { makeMirror } from '../httpd/mirror/mirror.ts';
import type { Mirror } from '../httpd/mirror/types.ts';
import type { SharedParts } from './shared.ts';

/** The sets of OpenBSD for every machine; undefined where the configuration names neither folder nor upstream. */
export const openMirror = async ({ config, folders, clock, logger }: SharedParts): Promise<Mirror | undefined> => {
  const { directory, upstream, keys, signify, cache_size } = config().mirror;
  const parts = {
    ...{ keys, signify, folder: folders.mirror, cacheBytes: cache_size * 2 ** 20, clock },
    warn: (facts: Readonly<Record<string, unknown>>, message: string) => logger.warn(facts, message),
  };
  if (directory !== undefined) return makeMirror({ source: { directory }, ...parts });
  return upstream === undefined ? undefined : makeMirror({ source: { upstream: new URL(upstream) }, ...parts });
};
