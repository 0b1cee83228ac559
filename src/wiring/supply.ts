import { configuredMedia } from '../media/configured.ts';
import { openUploads, type Uploads } from '../media/uploads.ts';
import type { ApiParts } from '../api/types.ts';
import type { UploadDigest } from '../build/asked/began-with.ts';
import { makeBases, type Bases } from '../build/files/bases.ts';
import type { Capacity } from '../build/capacity.ts';
import { makeSupply, type Supply } from '../build/files/supply.ts';
import type { ContextSources } from '../context/sources.ts';
import { openFetcher } from '../fetch/fetcher.ts';
import { fetchSource } from '../fetch/fetch-source.ts';
import { usualFetching } from '../fetch/usual.ts';
import type { SharedParts } from './shared.ts';

/** Where builds have files from beside contexts and the configuration's media. */
export type Supplies = AsyncDisposable & {
  readonly supply: Supply;
  readonly bases: Bases;
  readonly uploads: Uploads;
  readonly uploadDigest: UploadDigest;
  readonly sources: Pick<ContextSources, 'uploaded' | 'ofDigest' | 'refuseUrl'>;
  readonly media: ApiParts['media'];
};

const mb = 2 ** 20;

export const openSupplies = async (
  { config, folders, clock, ids, logger }: SharedParts,
  capacity: Pick<Capacity, 'checkRoom'>,
): Promise<Supplies> => {
  const bases = makeBases();
  const source = fetchSource(() => config().fetch.hosts);
  const { max_size, timeout, keep } = config().fetch;
  const fetcher = await openFetcher({
    folder: folders.cache,
    source,
    limits: { ...usualFetching, mostBytes: max_size * mb, timeoutMs: timeout, keepBytes: keep * mb },
    checkRoom: (bytes) => capacity.checkRoom(bytes),
    clock,
    warn: (facts, message) => logger.warn(facts, message),
  });
  const limits = config().uploads;
  const uploads = await openUploads({
    folder: folders.media,
    limits: { mostBytes: limits.max_size * mb, totalBytes: limits.total * mb },
    ...{ ids, now: clock.now, userOf: bases.userOf },
    checkRoom: () => capacity.checkRoom(),
  });
  const supply = makeSupply({ fetcher, uploads, bases });
  return {
    ...{ supply, bases, uploads },
    uploadDigest: (path) => uploads.list().find((medium) => uploads.pathOf(medium) === path)?.digests.sha256,
    sources: {
      uploaded: () => Object.fromEntries(uploads.list().map((medium) => [medium.name, uploads.pathOf(medium)])),
      ofDigest: supply.ofDigest,
      refuseUrl: (url) => source.reach?.refuse(url),
    },
    media: {
      ...uploads,
      configured: () => configuredMedia(config().media),
      isConfigured: (name) => Object.hasOwn(config().media, name),
    },
    [Symbol.asyncDispose]: () => fetcher[Symbol.asyncDispose](),
  };
};
