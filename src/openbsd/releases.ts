import { isReleaseFolder } from '../base/openbsd/release-name.ts';
import { releaseNames, releaseFor, type Release } from '../base/openbsd/releases.ts';

/** The release whose sets a path holds: `7.9` of `pub/OpenBSD/7.9/amd64`, `current` of `pub/OpenBSD/snapshots/amd64`. */
export const releaseOfPath = (path: string): string | undefined =>
  path
    .split('/')
    .map((segment) => (segment === 'snapshots' ? 'current' : segment))
    .findLast((segment) => segment === 'current' || isReleaseFolder(segment));

/** The releases whose questions a build may meet: the one that is known, or all. */
export const releasesFor = (name: string | undefined): readonly Release[] =>
  name === undefined ? releaseNames : [releaseFor(name)];
