/** Whether vmd can use a disk image (vmd's vioqcow2.c): it says nothing but "could not open disk image(s)" when not. */

import { open, realpath, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errnoOf } from '../../base/errno.ts';
import { readQcow2Header, type Qcow2Header, type Unusable } from '../../base/qcow2-header.ts';
import { makePause } from '../../base/turns.ts';
import type { DiskFile } from '../types.ts';

const dirtyOrCorrupt = 3n;
const refcountOrder16 = 4;
const mostLayers = 4;
const offsetMask = 0x00ff_ffff_ffff_fe00n;
const bytesPerEntry = 8;
// Bit 62 of an L2 entry says that its cluster is compressed (qcow2.txt, L2 table entry).
const compressedBit = 0x4000_0000;

const flat = 'Make it anew: qemu-img convert -O qcow2 -o compat=1.1 OLD NEW';

const readHeader = async (file: FileHandle): Promise<Qcow2Header | Unusable> => {
  const header = await readQcow2Header(file);
  if (header === undefined) return { why: 'is not a qcow2 image' };
  if ('why' in header) return header;
  const { version, isEncrypted, refcountOrder } = header;
  if (version !== 3) return { why: `is a qcow2 image of version ${version}, and vmd reads version 3 alone. ${flat}` };
  if (isEncrypted) return { why: 'is an encrypted qcow2 image, which vmd cannot read' };
  const features = header.features & ~dirtyOrCorrupt;
  if (features !== 0n)
    return { why: `needs features of qcow2 that vmd lacks (bits 0x${features.toString(16)}). ${flat}` };
  if (refcountOrder !== refcountOrder16)
    return { why: `has refcounts of ${2 ** refcountOrder} bits, and vmd reads 16 alone. ${flat}` };
  return header;
};

/** vmd's process ends when it first reads a compressed cluster, so each is looked for. */
const whyNoClusters = async (
  file: FileHandle,
  { clusterBits, l1 }: Qcow2Header,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const pause = makePause();
  const table = Buffer.alloc(l1.entries * bytesPerEntry);
  await file.read(table, 0, table.byteLength, l1.offset);
  const { size } = await file.stat();
  const clusters = Buffer.alloc(2 ** clusterBits);
  // Each once: no table of a good image stands twice, and one of a bad image would be read for ever.
  const offsets = new Set<number>();
  for (let at = 0; at < table.byteLength; at += bytesPerEntry) {
    if (at % 8192 === 0) await pause();
    const offset = Number(table.readBigUInt64BE(at) & offsetMask);
    if (offset !== 0 && (offset % clusters.byteLength !== 0 || offset >= size))
      return 'is a damaged qcow2 image: its L1 table leads to where no table is';
    offsets.add(offset);
  }
  offsets.delete(0);
  for (const offset of offsets) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(clusters, 0, clusters.byteLength, offset);
    await pause();
    for (let entry = 0; entry + bytesPerEntry <= bytesRead; entry += bytesPerEntry)
      if ((clusters.readUInt32BE(entry) & compressedBit) !== 0)
        return `has compressed clusters, which would end its machine at the first read. ${flat}`;
  }
  return undefined;
};

const judgeLayers = async (
  path: string,
  { layersLeft, clusterBits, looksInside }: { layersLeft: number; clusterBits?: number; looksInside: boolean },
  signal: AbortSignal,
): Promise<string | undefined> => {
  if (layersLeft === 0) return `has more layers than the ${mostLayers} that vmd reads. Flatten it. ${flat}`;
  await using file = await open(path);
  const header = await readHeader(file);
  if ('why' in header) return header.why;
  if (clusterBits !== undefined && header.clusterBits !== clusterBits)
    return `has layers with clusters of different sizes, which vmd cannot read. ${flat}`;
  const within = looksInside ? await whyNoClusters(file, header, signal) : undefined;
  if (within !== undefined) return within;
  if (header.backing === undefined) return undefined;
  // A relative name is meant from the folder of the image that has it (vmctl(8), create -b).
  const beneath = resolve(dirname(await realpath(path)), header.backing.name);
  const why = await judgeLayers(
    beneath,
    { layersLeft: layersLeft - 1, clusterBits: header.clusterBits, looksInside },
    signal,
  );
  return why === undefined ? undefined : `has the backing file ${header.backing.name}, which ${why}`;
};

/**
 * Why vmd could not use this image; undefined when it can. `layers` is how many images may lie on top of one another,
 * this one included: one fewer for a base. With `looksInside`, also its tables are read, in proportion to what it holds.
 */
export const whyUnusable = async (
  { path, format }: DiskFile,
  { layers = mostLayers, looksInside }: { readonly layers?: number; readonly looksInside: boolean },
  signal: AbortSignal,
): Promise<string | undefined> => {
  if (format === 'raw') return undefined;
  try {
    return await judgeLayers(path, { layersLeft: layers, looksInside }, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && errnoOf(error) !== undefined) return `cannot be read: ${error.message}`;
    throw error;
  }
};

/** Whether the image, which is not unusable, has another one beneath it. */
export const hasBase = async ({ path, format }: DiskFile): Promise<boolean> => {
  if (format === 'raw') return false;
  await using file = await open(path);
  const header = await readHeader(file);
  return !('why' in header) && header.backing !== undefined;
};

/** How many layers an overlay's base may have: the overlay is one itself. */
export const mostLayersOfBase = mostLayers - 1;
