/** The images of a chain under names of imaged's own, for programs that open files by name. */

import { rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Disk } from '../types.ts';
import type { ImageLayer } from './layers.ts';

/** The name of a layer in the folder of the disk above it. */
const layerName = (disk: string, depth: number): string => `${basename(disk)}.base${depth}`;

/** Links the layers of a disk beside it. Gives the name of the first, relative to that folder. */
export const linkLayers = async (disk: string, layers: readonly ImageLayer[]): Promise<string> => {
  for (const [depth, { path }] of layers.entries()) {
    const link = join(dirname(disk), layerName(disk, depth));
    await rm(link, { force: true });
    await symlink(path, link);
  }
  return layerName(disk, 0);
};

export const unlinkLayers = async (disk: string, layers: readonly ImageLayer[]): Promise<void> => {
  for (const depth of layers.keys()) await rm(join(dirname(disk), layerName(disk, depth)), { force: true });
};

const node = (format: string, filename: string, backing: unknown): Readonly<Record<string, unknown>> => ({
  driver: format,
  file: { driver: 'file', filename },
  // Null: there is none, whatever the header says.
  ...(format === 'qcow2' ? { backing } : {}),
});

/** A disk with its linked layers as QEMU's programs take it in place of a name, in whose folder they run. */
export const imageName = ({ path, format }: Disk, layers: readonly ImageLayer[]): string => {
  const beneath = layers.reduceRight<unknown>(
    (backing, layer, depth) => node(layer.format, layerName(path, depth), backing),
    null,
  );
  return `json:${JSON.stringify(node(format, basename(path), beneath))}`;
};
