import { open } from 'node:fs/promises';
import type { DiskFormat } from '../hardware.ts';
import { Mistake } from './mistake.ts';

export type ImageFacts = { readonly format: DiskFormat; readonly virtualMb: number };

const qcow2Magic = 0x5146_49fb;
const headerBytes = 104;
const externalDataFile = 4n;
const bytesPerMb = 1024 * 1024;

/**
 * What a disk image says of itself, by the header of qcow2 (qemu, docs/interop/qcow2.txt); anything else is raw. An
 * image that names a second file of the host (a backing file or an external data file) is refused unless it is a
 * medium: otherwise whoever sends it could read any file that imaged can read. Throws a Mistake.
 */
export const imageFacts = async (path: string, mayNameFiles: boolean): Promise<ImageFacts> => {
  await using file = await open(path);
  const header = Buffer.alloc(headerBytes);
  const { bytesRead } = await file.read(header, 0, headerBytes, 0);
  const { size } = await file.stat();
  if (bytesRead < 72 || header.readUInt32BE(0) !== qcow2Magic)
    return { format: 'raw', virtualMb: Math.max(1, Math.ceil(size / bytesPerMb)) };
  const version = header.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw new Mistake(`is a qcow image of version ${version}: 2 and 3 can be used`);
  const hasDataFile = version === 3 && (header.readBigUInt64BE(72) & externalDataFile) !== 0n;
  if (!mayNameFiles && (header.readBigUInt64BE(8) !== 0n || hasDataFile))
    throw new Mistake('is an image that needs a second file: send it flat (qemu-img convert -O qcow2)');
  const virtualMb = Math.ceil(Number(header.readBigUInt64BE(24)) / bytesPerMb);
  if (virtualMb < 1 || virtualMb > 64 * bytesPerMb) throw new Mistake('is an image whose size makes no sense');
  return { format: 'qcow2', virtualMb };
};
