/**
 * The header of qcow2 (QEMU's docs/interop/qcow2.txt) as QEMU reads it when it opens an image (block/qcow2.c,
 * `qcow2_do_open`): what QEMU refuses is refused here, before anything is stored or started.
 */

import type { FileHandle } from 'node:fs/promises';

export type Qcow2Header = {
  readonly version: 2 | 3;
  readonly clusterBits: number;
  readonly virtualBytes: number;
  readonly l1: { readonly offset: number; readonly entries: number };
  /** The image beneath, where there is one, and its format, where that is said. */
  readonly backing: { readonly name: string; readonly format: string | undefined } | undefined;
  readonly hasDataFile: boolean;
  readonly isEncrypted: boolean;
  readonly snapshots: number;
  readonly hasBitmaps: boolean;
  /** All bits of incompatible features. */
  readonly features: bigint;
  readonly refcountOrder: number;
};

export type Unusable = { readonly why: string };

export const qcow2Magic = 0x5146_49fb;

const fixedBytes = 112;
const clusterBits = { least: 9, most: 21 };
const bit = { dirty: 1n, corrupt: 2n, dataFile: 4n, compression: 8n, extendedL2: 16n };
const knownFeatures = bit.dirty | bit.corrupt | bit.dataFile | bit.compression | bit.extendedL2;
const most = { l1Bytes: 32 * 2 ** 20, refcountTableBytes: 8 * 2 ** 20, snapshots: 65_536, backingName: 1023 };
const entryBytes = 8;
const extendedL2LeastBits = 14;
const extension = {
  end: 0,
  backingFormat: 0xe279_2aca,
  crypto: 0x0537_be77,
  bitmaps: 0x2385_2875,
};

const damaged = (what: string): Unusable => ({ why: `is a damaged qcow2 image: ${what}` });

type Extensions = { readonly hasBitmaps: boolean; readonly backingFormat: string | undefined };

/** Walks along the header's extensions. Gives what is wrong, or what they say. */
const readExtensions = (bytes: Buffer, from: number, to: number): Unusable | Extensions => {
  let hasBitmaps = false;
  let backingFormat: string | undefined;
  for (let at = from; at < to;) {
    // An image that ends within its first cluster goes on with zeros.
    if (at + 8 > bytes.length) return { hasBitmaps, backingFormat };
    const [magic, length] = [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)];
    at += 8;
    if (at > to || length > to - at) return damaged('an extension of its header is too large');
    if (magic === extension.end) return { hasBitmaps, backingFormat };
    if (magic === extension.backingFormat && length > 15)
      return damaged('the name of the format of its backing file is too long');
    if (magic === extension.crypto) return damaged('its header tells of encryption that it does not have');
    if (magic === extension.backingFormat) backingFormat = bytes.toString('latin1', at, at + length);
    if (magic === extension.bitmaps) hasBitmaps = true;
    at += Math.ceil(length / 8) * 8;
  }
  return { hasBitmaps, backingFormat };
};

const read = async (file: FileHandle, at: number, length: number): Promise<Buffer> => {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, at);
  return bytes.subarray(0, bytesRead);
};

/** The header of an image that begins as qcow2 does; undefined when it does not. */
export const readQcow2Header = async (file: FileHandle): Promise<Qcow2Header | Unusable | undefined> => {
  const fixed = Buffer.alloc(fixedBytes);
  await file.read(fixed, 0, fixedBytes, 0);
  const word = (at: number) => fixed.readUInt32BE(at);
  const long = (at: number) => fixed.readBigUInt64BE(at);
  if (word(0) !== qcow2Magic) return undefined;
  const version = word(4);
  if (version !== 2 && version !== 3) return { why: `is a qcow image of version ${version}: 2 and 3 can be used` };
  const bits = word(20);
  if (bits < clusterBits.least || bits > clusterBits.most)
    return damaged(
      `its clusters have 2^${bits} bytes, and 2^${clusterBits.least} to 2^${clusterBits.most} are possible`,
    );
  const clusterBytes = 2 ** bits;
  const isNew = version === 3;
  const features = isNew ? long(72) : 0n;
  const refcountOrder = isNew ? word(96) : 4;
  const headerBytes = isNew ? word(100) : 72;
  if (isNew && (headerBytes < 104 || headerBytes > clusterBytes)) return damaged(`its header has ${headerBytes} bytes`);
  const backingAt = long(8);
  if (backingAt > BigInt(clusterBytes))
    return damaged('the name of its backing file lies outside of its first cluster');
  if ((features & ~knownFeatures) !== 0n)
    return {
      why: `is a qcow2 image with features that are not known (bits 0x${(features & ~knownFeatures).toString(16)})`,
    };
  const hasExtendedL2 = (features & bit.extendedL2) !== 0n;
  if (hasExtendedL2 && bits < extendedL2LeastBits) return damaged('its clusters are too small for extended L2 entries');
  if (refcountOrder > 6) return damaged(`its reference counts have 2^${refcountOrder} bits, and 64 is the most`);
  const compression = headerBytes > 104 ? fixed.readUInt8(104) : 0;
  const namesCompression = (features & bit.compression) !== 0n;
  if (compression > 1 || namesCompression !== (compression !== 0))
    return damaged(`its way of compression (${compression}) is not known, or not marked as a feature`);

  const isAligned = (offset: bigint) => offset % BigInt(clusterBytes) === 0n && offset < 2n ** 56n;
  const refcountTable = { offset: long(48), clusters: word(56) };
  if (refcountTable.clusters === 0) return damaged('it has no table of reference counts');
  if (refcountTable.clusters * clusterBytes > most.refcountTableBytes || !isAligned(refcountTable.offset))
    return damaged('its table of reference counts is too large, or lies between two clusters');
  const snapshots = { count: word(60), offset: long(64) };
  if (snapshots.count > most.snapshots || !isAligned(snapshots.offset))
    return damaged(`its table of ${snapshots.count} snapshots is too large, or lies between two clusters`);

  const virtual = long(24);
  const l1 = { entries: word(36), offset: long(40) };
  if (l1.entries * entryBytes > most.l1Bytes || !isAligned(l1.offset))
    return damaged(`its L1 table of ${l1.entries} entries is too large, or lies between two clusters`);
  const bytesPerL1Entry = 2n ** BigInt(2 * bits - (hasExtendedL2 ? 4 : 3));
  const needed = (virtual + bytesPerL1Entry - 1n) / bytesPerL1Entry;
  if (virtual >= 2n ** 63n || BigInt(l1.entries) < needed)
    return damaged(`its L1 table of ${l1.entries} entries is too small for its size`);

  const first = await read(file, 0, clusterBytes);
  const extensionsEnd = backingAt === 0n ? clusterBytes : Number(backingAt);
  const extensions = readExtensions(first, headerBytes, extensionsEnd);
  if ('why' in extensions) return extensions;
  const nameBytes = word(16);
  const room = clusterBytes - Number(backingAt);
  if (backingAt !== 0n && nameBytes > Math.min(most.backingName, room))
    return damaged('the name of its backing file is too long');
  return {
    version,
    clusterBits: bits,
    virtualBytes: Number(virtual),
    l1: { offset: Number(l1.offset), entries: l1.entries },
    backing:
      backingAt === 0n
        ? undefined
        : {
            name: first.toString('utf8', Number(backingAt), Number(backingAt) + nameBytes),
            format: extensions.backingFormat,
          },
    hasDataFile: (features & bit.dataFile) !== 0n,
    isEncrypted: word(32) !== 0,
    snapshots: snapshots.count,
    hasBitmaps: extensions.hasBitmaps,
    features,
    refcountOrder,
  };
};
