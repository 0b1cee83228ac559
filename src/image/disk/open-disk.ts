import { open, type FileHandle } from 'node:fs/promises';
import { Fault } from '../../base/fault.ts';
import type { DiskFormat } from '../../base/hardware.ts';
import { readQcow2Header, type Qcow2Header } from '../../base/qcow2-header.ts';
import { qcow2Reader } from './qcow2-reader.ts';
import { readFully } from './read-fully.ts';
import type { DiskReader } from './types.ts';

/** Feature bit 4: entries of L2 tables that have a bit for each part of a cluster. */
const extendedL2 = 16n;

const refuse = (why: string): never => {
  throw new Fault('disk_failed', `A disk cannot be read: it ${why}. Export it flat: qemu-img convert -O qcow2.`);
};

const flatHeader = async (file: FileHandle): Promise<Qcow2Header> => {
  const header = await readQcow2Header(file);
  if (header === undefined) return refuse('does not begin as qcow2 does');
  if ('why' in header) return refuse(header.why);
  if (header.backing !== undefined || header.hasDataFile) return refuse('needs a second file');
  if (header.isEncrypted) return refuse('is encrypted');
  if ((header.features & extendedL2) !== 0n) return refuse('has extended L2 entries');
  return header;
};

const rawReader = async (file: FileHandle): Promise<DiskReader> => ({
  size: (await file.stat()).size,
  read: (buffer, at) => readFully(file, buffer, at),
  [Symbol.asyncDispose]: () => file.close(),
});

/** Opens a disk image to be read without any program. Throws `disk_failed` for an image that is not flat. */
export const openDisk = async (path: string, format: DiskFormat): Promise<DiskReader> => {
  const file = await open(path, 'r');
  try {
    return format === 'raw' ? await rawReader(file) : await qcow2Reader(file, await flatHeader(file));
  } catch (error) {
    await file.close();
    throw error;
  }
};
