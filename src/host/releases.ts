/** The release of a host in a form that compares: 7.7 is 77, 7.10 would be 80. Undefined for what is none. */
export const releaseNumber = (release: string): number | undefined => {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return major === undefined ? undefined : Number(major) * 10 + Number(minor);
};
