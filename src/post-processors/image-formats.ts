import { diskMediaTypes } from '../base/media-type.ts';
import type { DiskFormat } from '../base/hardware.ts';

/** Formats of disks that artifacts can have: those of machines, and those that other programs read. */
export const imageFormats = ['raw', 'qcow2', 'vmdk', 'vdi', 'vhd', 'vhdx'] as const;

export type ImageFormat = (typeof imageFormats)[number];

type Row = {
  readonly mediaType: string;
  /** What qemu-img(1) calls it. */
  readonly qemu: string;
  /** `-o` of qemu-img(1), where the format is written in one way alone. */
  readonly options?: string;
};

/** Media types by the names that shared-mime-info has for them: none is registered. */
export const imageRows: Readonly<Record<ImageFormat, Row>> = {
  raw: { mediaType: diskMediaTypes.raw, qemu: 'raw' },
  qcow2: { mediaType: diskMediaTypes.qcow2, qemu: 'qcow2' },
  vmdk: { mediaType: 'application/x-vmdk-disk', qemu: 'vmdk', options: 'subformat=streamOptimized' },
  vdi: { mediaType: 'application/x-vdi-disk', qemu: 'vdi' },
  // Without force_size the size is rounded up to what cylinders, heads and sectors of a PC come to (qemu, block/vpc.c).
  vhd: { mediaType: 'application/x-vhd-disk', qemu: 'vpc', options: 'force_size=on' },
  vhdx: { mediaType: 'application/x-vhdx-disk', qemu: 'vhdx' },
};

/** The format of a disk, by its media type; undefined for any other file. */
export const imageFormatOf = (mediaType: string): ImageFormat | undefined =>
  imageFormats.find((format) => imageRows[format].mediaType === mediaType);

/** Whether every hypervisor reads and writes it. */
export const isDiskFormat = (format: ImageFormat): format is DiskFormat => format === 'raw' || format === 'qcow2';
