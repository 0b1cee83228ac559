import { compareReleases, releaseNumber } from './release-name.ts';

/**
 * How the installer's questions differ between releases (distrib/miniroot/install.sub and amd64's install.md of each).
 * What is not in this table was the same in all of them.
 */
export type InstallerTraits = {
  /** Which interface to configure next: asked as a choice from a list until 7.2, with more to answer since. */
  readonly interface: string;
  /** Undefined: not asked by an unattended installation. */
  readonly encrypt: string | undefined;
  /** What is taken when nothing answers the question for an IPv6 address. */
  readonly ipv6: 'none' | 'autoconf';
  /**
   * What is taken when nothing answers the question for the location of sets, on a machine with a CD and an interface:
   * until install.sub 1.1268 (that of 7.7) http where it was booted over the network, else the CD. 1.1292 (September
   * 2026) takes http; `unknown`: it was not seen which of the two this release has.
   */
  readonly location: 'as booted' | 'http' | 'unknown';
  /** Whether BUILDINFO is fetched beside the sets: since 7.6; for the releases before it is not known of which. */
  readonly buildInfo: 'fetched' | 'unknown';
};

/** What one user who is not root may have in all machines together (vmd.h, VM_DEFAULT_USER_MAXCPU and its like). */
export type PerUser = {
  readonly machines: number;
  readonly memoryMb: number;
  readonly nics: number;
  /** False between 7.2, which has these limits, and 7.7, which has none: those releases were not looked at. */
  readonly isCertain: boolean;
};

/** How vmd(8) differs between releases. */
export type VmdTraits = {
  /** Bytes of the path of a disk, an ISO image or a kernel at most (vmd.h: VMM_MAX_PATH_DISK until 7.3, then PATH_MAX). */
  readonly longestPath: number;
  /** MiB of memory of one machine at most. */
  readonly mostMemoryMb: number;
  /**
   * Processors of one machine at most. `ask`: the release before had no `vmctl start -p`, and whether this one has it is
   * for the program to say.
   */
  readonly mostCpus: 1 | 'ask';
  readonly perUser?: PerUser;
};

type Row = { readonly installer: InstallerTraits; readonly vmd: VmdTraits };

const listed = { interface: 'Which network interface do you wish to configure?' } as const;
const named = { interface: "Network interface to configure? (name, lladdr, '?', or 'done')" } as const;
const unasked = { encrypt: undefined } as const;
const passphrase = { encrypt: 'Encrypt the root disk with a passphrase?' } as const;
const keydisk = { encrypt: 'Encrypt the root disk with a (p)assphrase or (k)eydisk?' } as const;
const fetched = { ipv6: 'none', location: 'unknown', buildInfo: 'fetched' } as const;
const booted = { ...fetched, location: 'as booted' } as const;
const unknown = { ipv6: 'none', location: 'as booted', buildInfo: 'unknown' } as const;

const perUser: PerUser = { machines: 4, memoryMb: 2048, nics: 8, isCertain: false };
const path128 = { longestPath: 127, mostMemoryMb: 32 * 1024, mostCpus: 1 } as const;
const path1024 = { ...path128, longestPath: 1023 };
const gb128 = { ...path1024, mostMemoryMb: 128 * 1024 };

/** The facts of each release of OpenBSD that imaged is known to work with, newest first. `current` is what `snapshots` holds. */
export const releases = {
  current: {
    installer: { ...named, ...keydisk, ...fetched, ipv6: 'autoconf', location: 'http' },
    vmd: { ...gb128, mostCpus: 'ask' },
  },
  '7.9': { installer: { ...named, ...keydisk, ...fetched, ipv6: 'autoconf' }, vmd: gb128 },
  '7.8': { installer: { ...named, ...keydisk, ...fetched }, vmd: gb128 },
  '7.7': { installer: { ...named, ...keydisk, ...booted }, vmd: gb128 },
  '7.6': { installer: { ...named, ...keydisk, ...booted }, vmd: { ...gb128, perUser } },
  '7.5': { installer: { ...named, ...keydisk, ...unknown }, vmd: { ...path1024, perUser } },
  '7.4': { installer: { ...named, ...passphrase, ...unknown }, vmd: { ...path1024, perUser } },
  '7.3': { installer: { ...named, ...unasked, ...unknown }, vmd: { ...path128, perUser } },
  '7.2': {
    installer: { ...listed, ...unasked, ...unknown },
    vmd: { ...path128, perUser: { ...perUser, isCertain: true } },
  },
} as const satisfies Record<string, Row>;

export type Release = keyof typeof releases;

const isRelease = (name: string): name is Release => Object.hasOwn(releases, name);

/** The releases of the table, newest first. */
export const releaseNames: readonly Release[] = Object.keys(releases).filter(isRelease);

const numbered = releaseNames.flatMap((name) => {
  const number = releaseNumber(name);
  return number === undefined ? [] : [{ name, number }];
});

/**
 * The row of the table for a release by any name: `7.7-stable` is as 7.7, one older than all of them as the oldest, a
 * newer one or a name without numbers as `current`.
 */
export const releaseFor = (name: string): Release => {
  const asked = releaseNumber(name);
  const [newest] = numbered;
  if (asked === undefined || newest === undefined || compareReleases(asked, newest.number) > 0) return 'current';
  const row = numbered.find(({ number }) => compareReleases(number, asked) <= 0) ?? numbered.at(-1);
  return row?.name ?? 'current';
};
