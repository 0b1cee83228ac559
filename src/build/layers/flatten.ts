/** Bounds how many images lie upon each other. */

import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { chainOf, imageBeneath } from '../../image/disk/backing.ts';
import type { Disk, Hypervisor } from '../../vmm/types.ts';
import type { FilledLayer } from './layering.ts';

type Means = Pick<Hypervisor, 'chains' | 'convertDisk'>;

// As stat(2) counts blocks, whatever those of the file system are.
const blockBytes = 512;

/** How many images the longest chain of these disks has. */
export const longest = async (disks: readonly Disk[]): Promise<number> => {
  let images = 0;
  for (const disk of disks) images = Math.max(images, (await chainOf(disk)).length);
  return images;
};

/** About how many bytes it takes to flatten these disks, where they have as many images as may be. */
export const flatBytes = async (disks: readonly Disk[], { chains }: Pick<Means, 'chains'>): Promise<number> => {
  if ((await longest(disks)) < chains.most) return 0;
  let bytes = 0;
  for (const disk of disks) for (const path of await chainOf(disk)) bytes += (await stat(path)).blocks * blockBytes;
  return bytes;
};

/** The disk over what its own header names: what was written down of a disk of an earlier daemon is its file alone. */
const overItsOwn = async ({ path, format }: Disk): Promise<Disk | undefined> => {
  const beneath = await imageBeneath({ path, format });
  if (beneath === undefined) return undefined;
  const base = { path: beneath.path, format: beneath.format === 'raw' ? 'raw' : 'qcow2', layers: 'chain' } as const;
  return { path, format, base };
};

/**
 * Writes the disks of a layer in the making anew, each as one image with none beneath, and only then puts them in the place
 * of what was: a machine that has that open reads on in it, and finds the same in both.
 */
const flatten = async (
  folder: string,
  disks: readonly Disk[],
  { convertDisk }: Means,
  signal: AbortSignal,
): Promise<void> => {
  const written: { readonly flat: string; readonly path: string }[] = [];
  for (const disk of disks) {
    const { path, format } = disk;
    const whole = await overItsOwn(disk);
    if (whole === undefined) continue;
    const flat = `${path}.flat`;
    // What an earlier daemon began.
    await rm(flat, { force: true });
    await convertDisk(whole, { path: flat, format }, signal);
    written.push({ flat, path });
  }
  for (const { flat, path } of written) await rename(flat, path);
  // What lay beneath has links beside it.
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isSymbolicLink()) await rm(join(folder, entry.name));
};

/** Where the disks in the folder of a layer have as many images as may be: what flattens them. */
export const flattening = async (
  folder: string,
  disks: readonly Disk[],
  means: Means,
): Promise<Pick<FilledLayer, 'flatten'>> =>
  (await longest(disks)) < means.chains.most ? {} : { flatten: (signal) => flatten(folder, disks, means, signal) };
