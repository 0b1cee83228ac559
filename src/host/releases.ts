import type { Asked } from './types.ts';

/** The release of a host in a form that compares: 7.7 is 77, 7.10 would be 80. Undefined for what is none. */
export const releaseNumber = (release: string): number | undefined => {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return major === undefined ? undefined : Number(major) * 10 + Number(minor);
};

/** The release whose vmd answers: the configuration's, or this host's where it is OpenBSD. */
export const vmdRelease = ({ config, host }: Asked): number | undefined => {
  const { release } = config.hypervisor.vmd;
  if (release !== 'auto') return releaseNumber(release);
  return host.platform === 'openbsd' ? releaseNumber(host.release) : undefined;
};
