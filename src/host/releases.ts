import { releaseNumber } from '../base/openbsd/release-name.ts';
import { releases, releaseFor, type VmdTraits } from '../base/openbsd/releases.ts';
import type { HostAsked } from './types.ts';

/** The name of the release whose vmd answers: the configuration's, or this host's. */
const vmdRelease = ({ config, host }: HostAsked): string =>
  config.hypervisor.vmd.release === 'auto' ? host.release : config.hypervisor.vmd.release;

/** What is true of the vmd that answers; undefined where its release is none of OpenBSD's. */
export const vmdTraits = (asked: HostAsked): VmdTraits | undefined => {
  const name = vmdRelease(asked);
  const isOpenBSD = asked.config.hypervisor.vmd.release !== 'auto' || asked.host.platform === 'openbsd';
  const isKnown = name === 'current' || releaseNumber(name) !== undefined;
  return isOpenBSD && isKnown ? releases[releaseFor(name)].vmd : undefined;
};
