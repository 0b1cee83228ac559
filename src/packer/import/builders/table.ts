import type { BuilderKind } from '../builder.ts';
import { openbsdVmm } from './openbsd-vmm.ts';
import { parallelsIso } from './parallels-iso.ts';
import { qemu } from './qemu.ts';
import { virtualboxIso } from './virtualbox-iso.ts';
import { vmwareIso } from './vmware-iso.ts';

/** Every type of builder that is translated. */
export const builderKinds: Readonly<Record<string, BuilderKind>> = {
  'openbsd-vmm': openbsdVmm,
  qemu,
  'virtualbox-iso': virtualboxIso,
  'vmware-iso': vmwareIso,
  'parallels-iso': parallelsIso,
};
