import { open } from 'node:fs/promises';
import type { DiskFormat } from '../base/hardware.ts';
import { readQcow2Header } from '../base/qcow2-header.ts';
import { ParseError } from '../base/text/parse-error.ts';
import { whyNoDisk } from './foreign-image.ts';

export type ImageFacts = { readonly format: DiskFormat; readonly virtualMb: number };

const bytesPerMb = 1024 * 1024;
const flat = 'send it flat (qemu-img convert -O qcow2)';

/**
 * What a disk image says of itself, by the header of qcow2; what begins as no other image and no archive does is raw. What QEMU
 * would not open is refused.
 * An image that names a second file of the host (a backing file or an external data file) is refused unless it is a
 * medium: otherwise its sender could read any file that imaged can read. So are snapshots and bitmaps, which no
 * build uses and which only QEMU can judge. Throws a ParseError.
 */
export const imageFacts = async (path: string, isMedium: boolean): Promise<ImageFacts> => {
  await using file = await open(path);
  const header = await readQcow2Header(file);
  if (header === undefined) {
    const why = await whyNoDisk(file);
    if (why !== undefined) throw new ParseError(why);
    const { size } = await file.stat();
    if (size === 0) throw new ParseError('is empty');
    return { format: 'raw', virtualMb: Math.ceil(size / bytesPerMb) };
  }
  if ('why' in header) throw new ParseError(header.why);
  if (header.isEncrypted) throw new ParseError(`is an encrypted image, and imaged has no key for it: ${flat}`);
  if (!isMedium && (header.backing !== undefined || header.hasDataFile))
    throw new ParseError(`is an image that needs a second file: ${flat}`);
  if (!isMedium && header.snapshots > 0)
    throw new ParseError(`is an image with ${header.snapshots} snapshots: ${flat}`);
  if (!isMedium && header.hasBitmaps) throw new ParseError(`is an image with bitmaps of changes: ${flat}`);
  const virtualMb = Math.ceil(header.virtualBytes / bytesPerMb);
  if (virtualMb < 1 || virtualMb > 64 * bytesPerMb) throw new ParseError('is an image whose size makes no sense');
  return { format: 'qcow2', virtualMb };
};
