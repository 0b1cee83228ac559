import type { Boot } from '../hardware.ts';

type Traits = {
  /** What its machines boot from. */
  readonly devices: readonly Boot['device'][];
  /** What it hands to a kernel that it loads. */
  readonly handsToKernel: readonly ('initrd' | 'append')[];
};

/**
 * The hypervisors that machines may run under, by the names that the configuration has for them. vmd: vmctl(8), `start -B`;
 * it loads a kernel and hands it neither ramdisk nor command line (`start -b`). QEMU: as imaged runs it, without a boot ROM
 * in the network card.
 */
const hypervisors = {
  vmd: { devices: ['disk', 'cdrom', 'net'], handsToKernel: [] },
  qemu: { devices: ['disk', 'cdrom', 'net', 'floppy'], handsToKernel: ['initrd', 'append'] },
} as const satisfies Readonly<Record<string, Traits>>;

export type HypervisorName = keyof typeof hypervisors;

const isName = (name: string): name is HypervisorName => Object.hasOwn(hypervisors, name);

export const hypervisorNames: readonly HypervisorName[] = Object.keys(hypervisors).filter(isName);

/** What machines of a hypervisor boot from. */
export const bootsFrom: Readonly<Record<HypervisorName, Traits>> = hypervisors;
