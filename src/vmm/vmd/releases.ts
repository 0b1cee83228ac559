import { releases, releaseFor, type VmdTraits } from '../../base/openbsd/releases.ts';

/** What is true of vmd in this release; a name without numbers counts as the newest. */
export const traitsOf = (release: string): VmdTraits => releases[releaseFor(release)].vmd;

/** The limits per user in words, for the message of a start that runs into them; empty where there are none. */
export const perUserWords = ({ perUser }: VmdTraits): string => {
  if (perUser === undefined) return '';
  const { machines, memoryMb, nics, isCertain } = perUser;
  const limits = `${machines} machines, ${memoryMb} MB and ${nics} interfaces at most, in all`;
  return isCertain ? `vmd of this release gives a user ${limits}` : `vmd of this release may give a user ${limits}`;
};
