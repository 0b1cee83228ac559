/** What a machine can boot from: what each device needs, and which of them a hypervisor has. */

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

/**
 * What each hypervisor has. vmd: vmctl(8), `start -B`; it loads a kernel and hands it neither ramdisk nor command line
 * (`start -b`). QEMU: as imaged runs it, without a boot ROM in the network card.
 */
export const bootsFrom = {
  qemu: { devices: ['disk', 'cdrom', 'net', 'floppy'], handsToKernel: ['initrd', 'append'] },
  vmd: { devices: ['disk', 'cdrom', 'net'], handsToKernel: [] },
} as const satisfies Readonly<
  Record<
    'qemu' | 'vmd',
    { readonly devices: readonly Device[]; readonly handsToKernel: readonly ('initrd' | 'append')[] }
  >
>;

/** Why a machine with these media cannot boot from the device under any hypervisor; undefined when it can. */
export const whyNoBoot = (device: Device, media: BootMedia): string | undefined => {
  if (needs[device](media)) return undefined;
  return device === 'net'
    ? 'is "net", which needs a "kernel": no firmware here boots from the network'
    : `is ${JSON.stringify(device)}, and the machine has none`;
};
