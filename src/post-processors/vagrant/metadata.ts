import type { Provider } from './providers.ts';

const bytesPerGiB = 1024 ** 3;

/** What the disks of a libvirt box are called: `box.img` where there is one, as every vagrant-libvirt and vagrant-qemu reads it. */
export const imageName = (index: number, count: number): string => (count === 1 ? 'box.img' : `box_${index}.img`);

/** Virtual sizes of a box's disks, in bytes. */
type Disks = readonly number[];

const disksOf = (disks: Disks) => {
  const [only = 0, ...others] = disks;
  return others.length === 0
    ? { format: 'qcow2', virtual_size: Math.ceil(only / bytesPerGiB) }
    : { disks: disks.map((_, index) => ({ path: imageName(index, disks.length), format: 'qcow2' })) };
};

/** The metadata.json of a box (vagrant-libvirt's manual, "Box Format", version 1 for one disk and version 2 for several). */
export const metadataOf = (provider: Provider, architecture: string, disks: Disks): string =>
  `${JSON.stringify(
    provider === 'virtualbox' ? { provider, architecture } : { provider: 'libvirt', architecture, ...disksOf(disks) },
  )}\n`;
