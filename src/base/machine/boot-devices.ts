/** What a machine can boot from: what each device needs. */

import type { Boot } from '../hardware.ts';

type Device = Boot['device'];

/** What a machine has that it could boot from. */
export type BootMedia = {
  readonly hasDisk: boolean;
  readonly hasCdrom: boolean;
  readonly hasFloppy: boolean;
  readonly hasKernel: boolean;
};

const needs: Readonly<Record<Device, (media: BootMedia) => boolean>> = {
  // A kernel that is loaded directly finds its disk itself, or needs none.
  disk: ({ hasDisk, hasKernel }) => hasDisk || hasKernel,
  cdrom: ({ hasCdrom }) => hasCdrom,
  floppy: ({ hasFloppy }) => hasFloppy,
  net: ({ hasKernel }) => hasKernel,
};

/** Why a machine with these media cannot boot from the device under any hypervisor; undefined when it can. */
export const whyNoBoot = (device: Device, media: BootMedia): string | undefined => {
  if (needs[device](media)) return undefined;
  return device === 'net'
    ? 'is "net", which needs a "kernel": no firmware here boots from the network'
    : `is ${JSON.stringify(device)}, and the machine has none`;
};
