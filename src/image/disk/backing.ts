/** What lies beneath a qcow2 image, by its header. */

import { open, realpath, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Fault } from '../../base/fault.ts';
import { readQcow2Header, type Qcow2Header } from '../../base/qcow2-header.ts';
import type { DiskFormat } from '../../base/hardware.ts';

type Image = { readonly path: string; readonly format: DiskFormat };

// More than any hypervisor here reads.
const mostImages = 64;

// Of the header, whose numbers are big-endian (QEMU's docs/interop/qcow2.txt).
const backingOffsetAt = 8;
const backingSizeAt = 16;

const headerOf = async (file: FileHandle): Promise<Qcow2Header | undefined> => {
  const header = await readQcow2Header(file);
  return header === undefined || 'why' in header ? undefined : header;
};

/** The path of the image beneath, without links, and its format, where that is said; undefined where there is none. */
export const imageBeneath = async ({
  path,
  format,
}: Image): Promise<{ readonly path: string; readonly format: string | undefined } | undefined> => {
  // What looks like a header there is the guest's.
  if (format === 'raw') return undefined;
  await using file = await open(path, 'r');
  const backing = (await headerOf(file))?.backing;
  if (backing === undefined) return undefined;
  // A relative name is meant from the folder of the image that has it.
  return { path: await realpath(resolve(dirname(await realpath(path)), backing.name)), format: backing.format };
};

/** The paths of an image and of all that lie beneath it, the top first. */
export const chainOf = async (image: Image): Promise<readonly string[]> => {
  const paths: string[] = [];
  let next: Image | undefined = image;
  while (next !== undefined) {
    if (paths.length === mostImages)
      throw new Fault('disk_failed', `${image.path} has more than ${mostImages - 1} images beneath it.`);
    paths.push(next.path);
    const beneath: Awaited<ReturnType<typeof imageBeneath>> = await imageBeneath(next);
    next = beneath && { path: beneath.path, format: beneath.format === 'raw' ? 'raw' : 'qcow2' };
  }
  return paths;
};

/**
 * Gives the image beneath another name in the header, and changes nothing else. Only where no program writes to the image.
 * The name is the last thing in the first cluster, so that a longer one has its room there.
 */
export const nameBacking = async (path: string, name: string): Promise<void> => {
  await using file = await open(path, 'r+');
  const header = await headerOf(file);
  if (header?.backing === undefined) return;
  const bytes = Buffer.from(name);
  const numbers = Buffer.alloc(8);
  await file.read(numbers, 0, 8, backingOffsetAt);
  const at = Number(numbers.readBigUInt64BE());
  if (bytes.length > 1023 || at + bytes.length > 2 ** header.clusterBits)
    throw new Fault('disk_failed', `The name of the image beneath ${path} has no room in its header: ${name}`);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(bytes.length);
  await file.write(bytes, 0, bytes.length, at);
  await file.write(size, 0, size.length, backingSizeAt);
  await file.sync();
};
