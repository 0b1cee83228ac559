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

const qcow2Magic = 0x5146_49fb;

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

const luks = 2;

/** Walks along the header's extensions. Gives what is wrong, or what they say. */
const readExtensions = (bytes: Buffer, from: number, to: number, encryption: number): Unusable | Extensions => {
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
    if (magic === extension.crypto && encryption !== luks)
      return damaged('its header tells of encryption that it does not have');
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

/** The header's fixed part as it stands in the file; version 2 ends where version 3 says more. */
type Fields = {
  readonly version: number;
  readonly backing: { readonly offset: bigint; readonly nameBytes: number };
  readonly clusterBits: number;
  readonly virtualBytes: bigint;
  readonly encryption: number;
  readonly l1: { readonly entries: number; readonly offset: bigint };
  readonly refcountTable: { readonly offset: bigint; readonly clusters: number };
  readonly snapshots: { readonly count: number; readonly offset: bigint };
  readonly features: bigint;
  readonly refcountOrder: number;
  readonly headerBytes: number;
  readonly compression: number;
};

const fieldsIn = (bytes: Buffer): Fields => {
  const word = (at: number) => bytes.readUInt32BE(at);
  const long = (at: number) => bytes.readBigUInt64BE(at);
  const version = word(4);
  const isNew = version === 3;
  const headerBytes = isNew ? word(100) : 72;
  return {
    version,
    backing: { offset: long(8), nameBytes: word(16) },
    clusterBits: word(20),
    virtualBytes: long(24),
    encryption: word(32),
    l1: { entries: word(36), offset: long(40) },
    refcountTable: { offset: long(48), clusters: word(56) },
    snapshots: { count: word(60), offset: long(64) },
    features: isNew ? long(72) : 0n,
    refcountOrder: isNew ? word(96) : 4,
    headerBytes,
    compression: headerBytes > 104 ? bytes.readUInt8(104) : 0,
  };
};

const hasFeature = ({ features }: Fields, one: bigint): boolean => (features & one) !== 0n;

/** What QEMU refuses of the numbers that describe the format itself. */
const whyNoFormat = (header: Fields): Unusable | undefined => {
  const { version, clusterBits: bits, features, headerBytes, refcountOrder, compression, backing } = header;
  if (version !== 2 && version !== 3) return { why: `is a qcow image of version ${version}: 2 and 3 can be used` };
  if (bits < clusterBits.least || bits > clusterBits.most)
    return damaged(
      `its clusters have 2^${bits} bytes, and 2^${clusterBits.least} to 2^${clusterBits.most} are possible`,
    );
  if (version === 3 && (headerBytes < 104 || headerBytes > 2 ** bits))
    return damaged(`its header has ${headerBytes} bytes`);
  if (backing.offset > BigInt(2 ** bits))
    return damaged('the name of its backing file lies outside of its first cluster');
  const unknown = features & ~knownFeatures;
  if (unknown !== 0n)
    return { why: `is a qcow2 image with features that are not known (bits 0x${unknown.toString(16)})` };
  if (hasFeature(header, bit.extendedL2) && bits < extendedL2LeastBits)
    return damaged('its clusters are too small for extended L2 entries');
  if (refcountOrder > 6) return damaged(`its reference counts have 2^${refcountOrder} bits, and 64 is the most`);
  if (compression > 1 || hasFeature(header, bit.compression) !== (compression !== 0))
    return damaged(`its way of compression (${compression}) is not known, or not marked as a feature`);
  return undefined;
};

/** What QEMU refuses of where its tables lie and how large they are. */
const whyNoTables = (header: Fields): Unusable | undefined => {
  const { clusterBits: bits, refcountTable, snapshots, l1, virtualBytes: virtual } = header;
  const clusterBytes = 2 ** bits;
  const isAligned = (offset: bigint) => offset % BigInt(clusterBytes) === 0n && offset < 2n ** 56n;
  if (refcountTable.clusters === 0) return damaged('it has no table of reference counts');
  if (refcountTable.clusters * clusterBytes > most.refcountTableBytes || !isAligned(refcountTable.offset))
    return damaged('its table of reference counts is too large, or lies between two clusters');
  if (snapshots.count > most.snapshots || !isAligned(snapshots.offset))
    return damaged(`its table of ${snapshots.count} snapshots is too large, or lies between two clusters`);
  if (l1.entries * entryBytes > most.l1Bytes || !isAligned(l1.offset))
    return damaged(`its L1 table of ${l1.entries} entries is too large, or lies between two clusters`);
  const bytesPerL1Entry = 2n ** BigInt(2 * bits - (hasFeature(header, bit.extendedL2) ? 4 : 3));
  const needed = (virtual + bytesPerL1Entry - 1n) / bytesPerL1Entry;
  if (virtual >= 2n ** 63n || BigInt(l1.entries) < needed)
    return damaged(`its L1 table of ${l1.entries} entries is too small for its size`);
  return undefined;
};

/** The header of an image that begins as qcow2 does; undefined when it does not. */
export const readQcow2Header = async (file: FileHandle): Promise<Qcow2Header | Unusable | undefined> => {
  const fixed = Buffer.alloc(fixedBytes);
  await file.read(fixed, 0, fixedBytes, 0);
  if (fixed.readUInt32BE(0) !== qcow2Magic) return undefined;
  const header = fieldsIn(fixed);
  const why = whyNoFormat(header) ?? whyNoTables(header);
  if (why) return why;

  const clusterBytes = 2 ** header.clusterBits;
  const first = await read(file, 0, clusterBytes);
  const backingAt = Number(header.backing.offset);
  const { nameBytes } = header.backing;
  const end = backingAt === 0 ? clusterBytes : backingAt;
  const extensions = readExtensions(first, header.headerBytes, end, header.encryption);
  if ('why' in extensions) return extensions;
  if (backingAt !== 0 && nameBytes > Math.min(most.backingName, clusterBytes - backingAt))
    return damaged('the name of its backing file is too long');
  const name = first.toString('utf8', backingAt, backingAt + nameBytes);
  return {
    version: header.version === 3 ? 3 : 2,
    clusterBits: header.clusterBits,
    virtualBytes: Number(header.virtualBytes),
    l1: { offset: Number(header.l1.offset), entries: header.l1.entries },
    backing: backingAt === 0 ? undefined : { name, format: extensions.backingFormat },
    hasDataFile: hasFeature(header, bit.dataFile),
    isEncrypted: header.encryption !== 0,
    snapshots: header.snapshots.count,
    hasBitmaps: extensions.hasBitmaps,
    features: header.features,
    refcountOrder: header.refcountOrder,
  };
};
