import { stat } from 'node:fs/promises';
import type { Checksum } from '../../fetch/checksum.ts';
import type { Fetcher, TakenFile, Wanted } from '../../fetch/fetcher.ts';
import type { FetchProgress } from '../../fetch/progress.ts';
import { unlessErrno } from '../../base/errno.ts';
import type { Uploads } from '../../media/uploads.ts';
import type { Bases } from './bases.ts';

/** Files by their digest: uploaded, fetched before, or to be fetched. */
export type Supply = {
  /** Where this host has the file; undefined where it has not. It may go until it is taken. */
  readonly ofDigest: (checksum: Checksum) => Promise<string | undefined>;
  /** The file for a build, which stays until this is disposed; see `Fetcher.take`. */
  readonly take: (
    buildId: string,
    wanted: Wanted,
    tell: (progress: FetchProgress) => void,
    signal: AbortSignal,
  ) => Promise<TakenFile>;
};

export const makeSupply = ({
  fetcher,
  uploads,
  bases,
}: {
  readonly fetcher: Fetcher;
  readonly uploads: Pick<Uploads, 'ofDigest'>;
  readonly bases: Bases;
}): Supply => ({
  ofDigest: async (checksum) => {
    const path = uploads.ofDigest(checksum) ?? fetcher.pathOf(checksum);
    return (await unlessErrno(stat(path), 'ENOENT')) === undefined ? undefined : path;
  },
  take: async (buildId, wanted, tell, signal) => {
    const { checksum } = wanted;
    const uploaded = 'list' in checksum ? undefined : uploads.ofDigest(checksum);
    if ('list' in checksum || uploaded === undefined) return fetcher.take(wanted, tell, signal);
    const use = bases.use(buildId, [uploaded]);
    try {
      const { size: bytes } = await stat(uploaded);
      return { path: uploaded, bytes, checksum, [Symbol.dispose]: () => use[Symbol.dispose]() };
    } catch (error) {
      use[Symbol.dispose]();
      throw error;
    }
  },
});
