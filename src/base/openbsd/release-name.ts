/** The two numbers of a release of OpenBSD: as a decimal, 7.10 would come before 7.9. */
export type ReleaseNumber = readonly [major: number, minor: number];

/** The numbers in a release's name: `7.7` or `7.7-stable`. Undefined for anything else, such as `current`. */
export const releaseNumber = (name: string): ReleaseNumber | undefined => {
  const [, major, minor] = /^(\d{1,3})\.(\d{1,3})(?!\d)/.exec(name) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
};

/** Whether this is a release, and nothing behind it. */
export const isRelease = (name: string): boolean => releaseNumber(name)?.join('.') === name;

/** Below 0 where `one` came before `other`, above 0 where it came after, 0 where they are the same. */
export const compareReleases = (one: ReleaseNumber, other: ReleaseNumber): number =>
  one[0] - other[0] || one[1] - other[1];

/** Whether a folder of a mirror may have this name for its release: OpenBSD goes from 7.9 to 8.0, and has no 7.10. */
export const isReleaseFolder = (name: string): boolean => name === 'snapshots' || /^[1-9]\d?\.\d$/.test(name);

/** `79` of `7.9`: what the names of its sets and keys hold (install.sub, `VERSION`). Undefined for `current`. */
export const digitsOf = (name: string): string | undefined => releaseNumber(name)?.join('');

/** `7.9` of `79`. Undefined for what are no digits of a release, such as `NN`. */
export const releaseOfDigits = (digits: string): string | undefined =>
  /^[1-9]\d{1,2}$/.test(digits) ? digits.replace(/(\d)$/, '.$1') : undefined;
