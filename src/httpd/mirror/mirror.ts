import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import { indexFile, mirrorRoot, signedSumsFile, sumsFile } from '../../base/openbsd/mirror-layout.ts';
import { makeDirectory } from './directory.ts';
import { indexOf } from './index-txt.ts';
import { placeOf } from './place.ts';
import { makeVerifier } from './signed.ts';
import { usualAges } from './sums.ts';
import type { Mirror } from './types.ts';
import { makeUpstream, type UpstreamLimits } from './upstream.ts';

export type MirrorParts = {
  readonly source: { readonly directory: string } | { readonly upstream: URL };
  /** The folder of `openbsd-79-base.pub` and so on. */
  readonly keys: string;
  /** The signify(1) program. */
  readonly signify: string;
  /** Where the cache lies, and how many bytes of files it may hold. */
  readonly folder: string;
  readonly cacheBytes: number;
  readonly clock: Clock;
  readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void;
};

const usualLimits: UpstreamLimits = {
  downloads: 4,
  // Attempts and silences together stay below what an endpoint lets a silent connection live.
  silentMs: 20_000,
  policy: { attempts: 5, firstMs: 250, growth: 2, mostMs: 5000 },
  ages: usualAges,
};

/** One mirror for all machines of this host. */
export const makeMirror = (parts: MirrorParts): Promise<Mirror> => makeMirrorWithin(usualLimits, parts);

/** `makeMirror` with limits of the caller's choice. */
export const makeMirrorWithin = async (
  limits: UpstreamLimits,
  { source: from, keys, signify, folder, cacheBytes, clock, warn }: MirrorParts,
): Promise<Mirror> => {
  const verifier = makeVerifier({ keys, signify });
  const source =
    'directory' in from
      ? makeDirectory(from.directory, verifier)
      : await makeUpstream({ ...limits, upstream: from.upstream, folder, cacheBytes, verifier, clock, warn });
  const text = (render: () => string) => ({ kind: 'text', type: 'text/plain; charset=utf-8', render }) as const;
  return {
    find: async (path, own, signal) => {
      const place = placeOf(path);
      if (!place) return undefined;
      const signed = await source.signed(place, signal);
      switch (place.name) {
        case signedSumsFile:
          return text(() => signed.text);
        case sumsFile:
          return text(() => signed.message);
        case indexFile: {
          const names = indexOf(signed.sums.keys(), await own(mirrorRoot + place.folder));
          return text(() => names);
        }
      }
      const sha256 = signed.sums.get(place.name);
      if (sha256 === undefined)
        throw new Fault('mirror_refused', `${signedSumsFile} of ${place.folder} names no ${place.name}.`, {
          expected: `a name that is signed with ${signed.key}`,
          saw: place.name,
        });
      return source.open(place, sha256, signed.key, signal);
    },
    digestOf: async (path, signal) => {
      const place = placeOf(path);
      return place && (await source.signed(place, signal)).sums.get(place.name);
    },
    digestAtHand: async (path, signal) => {
      const place = placeOf(path);
      if (place === undefined) return { sha256: undefined };
      const signed = await source.signedAtHand(place, signal);
      return signed === undefined ? 'not asked' : { sha256: signed.sums.get(place.name) };
    },
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
};
