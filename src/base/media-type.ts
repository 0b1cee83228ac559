import type { DiskFormat } from './hardware.ts';

/** Media types of disks, by the names that shared-mime-info has for them: none is registered. */
export const diskMediaTypes = {
  qcow2: 'application/x-qemu-disk',
  raw: 'application/x-raw-disk-image',
} as const satisfies Record<DiskFormat, string>;

/** A file of which no more is known. */
export const anyBytes = 'application/octet-stream';

/** The format of a disk, by its media type; undefined for any other file. */
export const diskFormatOf = (mediaType: string): DiskFormat | undefined =>
  (['qcow2', 'raw'] as const).find((format) => diskMediaTypes[format] === mediaType);
