/**
 * How the installer's questions differ between releases of OpenBSD (distrib/miniroot/install.sub and amd64's install.md
 * of each). What is not in this table was the same in all of them.
 */
type Row = {
  /** Which interface to configure next: asked as a choice from a list until 7.2, with more to answer since. */
  readonly interface: string;
  /** Undefined: not asked by an unattended installation. */
  readonly encrypt: string | undefined;
  /** What is taken when nothing answers the question for an IPv6 address. */
  readonly ipv6: 'none' | 'autoconf';
};

const listed = { interface: 'Which network interface do you wish to configure?' } as const;
const named = { interface: "Network interface to configure? (name, lladdr, '?', or 'done')" } as const;
const passphrase = { encrypt: 'Encrypt the root disk with a passphrase?' } as const;
const keydisk = { encrypt: 'Encrypt the root disk with a (p)assphrase or (k)eydisk?' } as const;

/** Newest first. `current` is what `snapshots` holds. */
export const installerReleases = {
  current: { ...named, ...keydisk, ipv6: 'autoconf' },
  '7.9': { ...named, ...keydisk, ipv6: 'autoconf' },
  '7.8': { ...named, ...keydisk, ipv6: 'none' },
  '7.7': { ...named, ...keydisk, ipv6: 'none' },
  '7.6': { ...named, ...keydisk, ipv6: 'none' },
  '7.5': { ...named, ...keydisk, ipv6: 'none' },
  '7.4': { ...named, ...passphrase, ipv6: 'none' },
  '7.3': { ...named, encrypt: undefined, ipv6: 'none' },
  '7.2': { ...listed, encrypt: undefined, ipv6: 'none' },
} as const satisfies Record<string, Row>;

export type Release = keyof typeof installerReleases;

const isRelease = (name: string): name is Release => Object.hasOwn(installerReleases, name);

export const releaseNames: readonly Release[] = Object.keys(installerReleases).filter(isRelease);

/** The release whose sets a path holds: `7.9` of `pub/OpenBSD/7.9/amd64`, `current` of `pub/OpenBSD/snapshots/amd64`. */
export const releaseOfPath = (path: string): string | undefined =>
  path
    .split('/')
    .map((segment) => (segment === 'snapshots' ? 'current' : segment))
    .findLast((segment) => segment === 'current' || /^\d{1,2}\.\d$/.test(segment));

/** The releases whose questions a build may meet: the one that is known, or all; a newer one asks as `current` does. */
export const releasesFor = (name: string | undefined): readonly Release[] => {
  if (name === undefined) return releaseNames;
  if (isRelease(name)) return [name];
  return Number(name) > 7.9 ? ['current'] : ['7.2'];
};
