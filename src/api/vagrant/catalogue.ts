import { boxFactsOf } from '../../base/media-type.ts';
import type { Artifact } from '../../image/types.ts';

/** A good build, and what it published. */
export type Published = { readonly id: string; readonly artifacts: readonly Artifact[] };

/** Boxes of one version, as Vagrant's box metadata lists them. */
type Version = { readonly version: string; readonly providers: readonly Provider[] };

type Provider = {
  readonly name: string;
  readonly url: string;
  readonly checksum: string;
  readonly checksum_type: 'sha256';
  readonly architecture: string;
  readonly default_architecture: boolean;
};

/**
 * What `vagrant box add URL` reads (Vagrant's manual, "Box Repository Metadata", and lib/vagrant/box_metadata.rb). Builds come
 * newest first: where two have a box of one version, provider and architecture, the newer one's is listed.
 */
export const catalogueOf = (
  name: string,
  builds: readonly Published[],
  urlOf: (build: string, file: string) => string,
): { readonly name: string; readonly versions: readonly Version[] } => {
  const versions = new Map<string, Map<string, Provider>>();
  for (const { id, artifacts } of builds) {
    for (const { name: file, mediaType, sha256 } of artifacts) {
      const facts = boxFactsOf(mediaType);
      if (facts === undefined) continue;
      const { provider, architecture, version } = facts;
      const boxes = versions.get(version) ?? new Map<string, Provider>();
      versions.set(version, boxes);
      const place = `${provider} ${architecture}`;
      if (boxes.has(place)) continue;
      const isFirst = ![...boxes.values()].some((box) => box.name === provider);
      const own = { name: provider, url: urlOf(id, file), checksum: sha256, checksum_type: 'sha256' } as const;
      boxes.set(place, { ...own, architecture, default_architecture: isFirst });
    }
  }
  return {
    name,
    versions: [...versions].map(([version, boxes]) => ({ version, providers: [...boxes.values()] })),
  };
};
