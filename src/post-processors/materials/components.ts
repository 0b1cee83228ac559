import type { GuestListing } from './listing.ts';
import { purlOf } from './purl.ts';
import type { GuestPackage } from './package.ts';

/** A name and a value that CycloneDX has no place of its own for. */
export type Property = { readonly name: string; readonly value: string };

/** A component of CycloneDX, as far as it is written here (https://cyclonedx.org/docs/1.6/json/#components). */
export type Component = {
  readonly type: 'file' | 'library' | 'operating-system';
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  readonly purl?: string;
  readonly hashes?: readonly { readonly alg: 'SHA-256'; readonly content: string }[];
  readonly licenses?: readonly { readonly license: { readonly name: string } }[];
  readonly properties?: readonly Property[];
  readonly components?: readonly Component[];
};

/** A file that went into a build, or came out of it. */
export type File = { readonly name: string; readonly sha256?: string; readonly uri?: string };

export const property = (name: string, value: string): Property => ({ name: `imaged:${name}`, value });

/** `ref` is what tells it from the others: two inputs may have one name. */
export const fileComponent = ({ name, sha256, uri }: File, ref: string): Component => ({
  ...{ type: 'file', 'bom-ref': ref, name },
  ...(sha256 === undefined ? {} : { hashes: [{ alg: 'SHA-256', content: sha256 }] }),
  ...(uri === undefined ? {} : { properties: [property('uri', uri)] }),
});

/** The system of the guest; undefined where it did not say what it is. */
export const systemComponent = ({ kernel, distribution, patches }: GuestListing): Component | undefined => {
  if (kernel === undefined && distribution === undefined) return undefined;
  const [name, version] = distribution
    ? [distribution.id, distribution.version]
    : [kernel?.name ?? '', kernel?.release];
  const told = [
    ...(kernel === undefined ? [] : [property('kernel', `${kernel.name} ${kernel.release} ${kernel.machine}`)]),
    ...patches.map((patch) => property('syspatch', patch)),
  ];
  return {
    ...{ type: 'operating-system', 'bom-ref': 'system', name },
    ...(version === undefined ? {} : { version }),
    ...(distribution?.title === undefined ? {} : { description: distribution.title }),
    ...(told.length === 0 ? {} : { properties: told }),
  };
};

const packageComponent = (one: GuestPackage, { kernel, distribution }: GuestListing): Component => {
  const { manager, name, version, flavour, source, licence } = one;
  // OpenBSD's list does not say it, and its packages are for the machine that they are on.
  const arch = one.arch ?? (manager === 'pkg_info' ? kernel?.machine : undefined);
  const purl = purlOf({ ...one, ...(arch === undefined ? {} : { arch }) }, distribution ?? { id: 'unknown' });
  const from = source === undefined ? [] : [property('source', [source.name, source.version ?? []].flat().join(' '))];
  return {
    ...{ type: 'library', 'bom-ref': purl, name, version, purl },
    ...(licence === undefined ? {} : { licenses: [{ license: { name: licence } }] }),
    properties: [
      property('manager', manager),
      ...(flavour === undefined ? [] : [property('flavour', flavour)]),
      ...from,
    ],
  };
};

/** The packages, in the order of their URLs; one that the guest lists twice stands there once. */
export const packageComponents = (listing: GuestListing): readonly Component[] => {
  const all = listing.packages.map((one) => packageComponent(one, listing));
  return [...new Map(all.map((one) => [one['bom-ref'], one])).values()].toSorted((one, other) =>
    one['bom-ref'] < other['bom-ref'] ? -1 : 1,
  );
};
