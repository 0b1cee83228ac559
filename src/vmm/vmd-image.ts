/** Whether vmd can use a disk image (vmd's vioqcow2.c): it says nothing but "could not open disk image(s)" when not. */

import { open, realpath, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { DiskFile } from './types.ts';

type Header = {
  readonly clusterBits: number;
  readonly l1: { readonly offset: number; readonly entries: number };
  readonly backing: string | undefined;
};

const magic = 0x5146_49fb;
const headerBytes = 104;
const dirtyOrCorrupt = 3n;
const refcountOrder16 = 4;
const mostLayers = 4;
// By qemu's docs/interop/qcow2.txt and its own limits: whoever made another header means no good.
const clusterBits = { least: 9, most: 21 };
const mostL1Bytes = 32 * 1024 * 1024;
const offsetMask = 0x00ff_ffff_ffff_fe00n;
const bytesPerEntry = 8;
// Bit 62 of an L2 entry says that its cluster is compressed (qcow2.txt, L2 table entry).
const compressedBit = 0x4000_0000;

const flat = 'Make it anew: qemu-img convert -O qcow2 -o compat=1.1 OLD NEW';

/** Throws a string's worth of reason; only `whyUnusable` catches it. */
type Why = { readonly why: string };

const readHeader = async (file: FileHandle): Promise<Header | Why> => {
  const bytes = Buffer.alloc(headerBytes);
  const { bytesRead } = await file.read(bytes, 0, headerBytes, 0);
  if (bytesRead < headerBytes || bytes.readUInt32BE(0) !== magic) return { why: 'is not a qcow2 image' };
  const version = bytes.readUInt32BE(4);
  if (version !== 3) return { why: `is a qcow2 image of version ${version}, and vmd reads version 3 alone. ${flat}` };
  if (bytes.readUInt32BE(32) !== 0) return { why: 'is an encrypted qcow2 image, which vmd cannot read' };
  const features = bytes.readBigUInt64BE(72) & ~dirtyOrCorrupt;
  if (features !== 0n)
    return { why: `needs features of qcow2 that vmd lacks (bits 0x${features.toString(16)}). ${flat}` };
  if (bytes.readUInt32BE(96) !== refcountOrder16)
    return { why: `has refcounts of ${2 ** bytes.readUInt32BE(96)} bits, and vmd reads 16 alone. ${flat}` };
  const bits = bytes.readUInt32BE(20);
  const isSane = bits >= clusterBits.least && bits <= clusterBits.most;
  if (!isSane || bytes.readUInt32BE(36) * bytesPerEntry > mostL1Bytes)
    return { why: 'has a header that makes no sense' };
  const nameBytes = bytes.readUInt32BE(16);
  const nameOffset = Number(bytes.readBigUInt64BE(8));
  const name = Buffer.alloc(Math.min(nameBytes, 1024));
  if (nameOffset !== 0) await file.read(name, 0, name.byteLength, nameOffset);
  return {
    clusterBits: bits,
    l1: { entries: bytes.readUInt32BE(36), offset: Number(bytes.readBigUInt64BE(40)) },
    backing: nameOffset === 0 ? undefined : name.toString(),
  };
};

/** vmd's process ends when it first reads a compressed cluster, so each is looked for. */
const hasCompressed = async (file: FileHandle, { clusterBits, l1 }: Header, signal: AbortSignal): Promise<boolean> => {
  const table = Buffer.alloc(l1.entries * bytesPerEntry);
  await file.read(table, 0, table.byteLength, l1.offset);
  const clusters = Buffer.alloc(2 ** clusterBits);
  // Each once: no table of a good image stands twice, and one of a bad image would be read for ever.
  const offsets = new Set<number>();
  for (let at = 0; at < table.byteLength; at += bytesPerEntry)
    offsets.add(Number(table.readBigUInt64BE(at) & offsetMask));
  offsets.delete(0);
  for (const offset of offsets) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(clusters, 0, clusters.byteLength, offset);
    for (let entry = 0; entry < bytesRead; entry += bytesPerEntry)
      if ((clusters.readUInt32BE(entry) & compressedBit) !== 0) return true;
  }
  return false;
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
  if (looksInside && (await hasCompressed(file, header, signal)))
    return `has compressed clusters, which would end its machine at the first read. ${flat}`;
  if (header.backing === undefined) return undefined;
  // A relative name is meant from the folder of the image that has it (vmctl(8), create -b).
  const beneath = resolve(dirname(await realpath(path)), header.backing);
  const why = await judgeLayers(
    beneath,
    { layersLeft: layersLeft - 1, clusterBits: header.clusterBits, looksInside },
    signal,
  );
  return why === undefined ? undefined : `has the backing file ${header.backing}, which ${why}`;
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
    if (error instanceof Error && 'code' in error) return `cannot be read: ${error.message}`;
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
