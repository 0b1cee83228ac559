/** How vmd(8) differs from release to release of OpenBSD: the one table of it. */

export type ReleaseTraits = {
  /** The last release of which this is true, as [7, 2]. */
  readonly upTo: readonly [major: number, minor: number];
  /** Bytes of the path of a disk, an ISO image or a kernel at most (vmd.h: VMM_MAX_PATH_DISK until 7.3, then PATH_MAX). */
  readonly longestPath: number;
  /** MiB of memory of one machine at most. */
  readonly mostMemoryMb: number;
  /** What one user who is not root may have in all machines together (vmd.h, VM_DEFAULT_USER_MAXCPU and its like). */
  readonly perUser?: { readonly machines: number; readonly memoryMb: number; readonly nics: number };
  /** Whether the limits per user are known to be there, or may be. */
  readonly perUserIs?: 'certain' | 'possible';
  /** What vmctl(8) of this release prints in its usage, and later ones do not. */
  readonly hasSend: boolean;
};

const perUser = { machines: 4, memoryMb: 2048, nics: 8 };
const small = { longestPath: 127, mostMemoryMb: 32 * 1024 };

export const releases = [
  { upTo: [7, 2], ...small, perUser, perUserIs: 'certain', hasSend: true },
  // Nobody has seen which of these dropped the limits per user.
  { upTo: [7, 3], ...small, perUser, perUserIs: 'possible', hasSend: true },
  { upTo: [7, 5], ...small, longestPath: 1023, perUser, perUserIs: 'possible', hasSend: true },
  { upTo: [7, 6], longestPath: 1023, mostMemoryMb: 128 * 1024, perUser, perUserIs: 'possible', hasSend: true },
  { upTo: [7, 7], longestPath: 1023, mostMemoryMb: 128 * 1024, hasSend: true },
  { upTo: [Infinity, 0], longestPath: 1023, mostMemoryMb: 128 * 1024, hasSend: false },
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
