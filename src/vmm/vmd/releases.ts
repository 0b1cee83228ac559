/** How vmd(8) differs from release to release of OpenBSD: the one table of it. */

/** What one user who is not root may have in all machines together (vmd.h, VM_DEFAULT_USER_MAXCPU and its like). */
export type PerUser = {
  readonly machines: number;
  readonly memoryMb: number;
  readonly nics: number;
  /** Nobody has seen which release dropped these limits: they are certain up to 7.2, and gone in 7.7. */
  readonly isCertain: boolean;
};

export type ReleaseTraits = {
  /** The last release of which this is true. */
  readonly upTo: readonly [major: number, minor: number];
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

const perUser = { machines: 4, memoryMb: 2048, nics: 8, isCertain: false };

export const releases = [
  { upTo: [7, 2], longestPath: 127, mostMemoryMb: 32 * 1024, mostCpus: 1, perUser: { ...perUser, isCertain: true } },
  { upTo: [7, 3], longestPath: 127, mostMemoryMb: 32 * 1024, mostCpus: 1, perUser },
  { upTo: [7, 5], longestPath: 1023, mostMemoryMb: 32 * 1024, mostCpus: 1, perUser },
  { upTo: [7, 6], longestPath: 1023, mostMemoryMb: 128 * 1024, mostCpus: 1, perUser },
  { upTo: [7, 9], longestPath: 1023, mostMemoryMb: 128 * 1024, mostCpus: 1 },
  { upTo: [Infinity, 0], longestPath: 1023, mostMemoryMb: 128 * 1024, mostCpus: 'ask' },
] as const satisfies readonly ReleaseTraits[];

/** The numbers in a release's name: "7.7" or "7.7-stable". Undefined for anything else, such as "current". */
export const releaseNumber = (release: string): readonly [major: number, minor: number] | undefined => {
  const [, major, minor] = /^(\d{1,3})\.(\d{1,3})(?!\d)/.exec(release) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
};

/** What is true of this release; a name without numbers counts as the newest. */
export const traitsOf = (release: string): ReleaseTraits => {
  const [major, minor] = releaseNumber(release) ?? [Infinity, 0];
  const isWithin = ({ upTo: [last, lastMinor] }: ReleaseTraits) =>
    major < last || (major === last && minor <= lastMinor);
  return releases.find(isWithin) ?? releases[5];
};

/** The limits per user in words, for whoever runs into them; empty where there are none. */
export const perUserWords = ({ perUser }: ReleaseTraits): string => {
  if (perUser === undefined) return '';
  const { machines, memoryMb, nics, isCertain } = perUser;
  const limits = `${machines} machines, ${memoryMb} MB and ${nics} interfaces at most, in all`;
  return isCertain ? `vmd of this release gives a user ${limits}` : `vmd of this release may give a user ${limits}`;
};
