/**
 * A VMDK of the type streamOptimized, as VMware's "Virtual Disk Format 5.0" has it: compressed grains in order, each with a
 * marker, then the tables that find them. QEMU's block/vmdk.c and VirtualBox read it.
 */

import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { eachGrain, grainBytes } from './each-grain.ts';
import type { DiskReader } from './types.ts';

const deflated = promisify(deflate);

const sectorBytes = 512;
const grainSectors = grainBytes / sectorBytes;
const entriesPerTable = 512;
const entryBytes = 4;
const tableSectors = (entriesPerTable * entryBytes) / sectorBytes;
const descriptorSectors = 20;
/** Grains begin here. */
const overheadSectors = 128;
/** The directory's place, where it is not known yet: the footer has it. */
const atEnd = 0xffff_ffff_ffff_ffffn;
const marker = { endOfStream: 0, table: 1, directory: 2, footer: 3 } as const;

const sectorsOf = (bytes: number): number => Math.ceil(bytes / sectorBytes);

const padded = (bytes: Buffer): Buffer => {
  const whole = Buffer.alloc(sectorsOf(bytes.length) * sectorBytes);
  bytes.copy(whole);
  return whole;
};

const headerOf = (capacity: number, directory: bigint): Buffer => {
  const bytes = Buffer.alloc(sectorBytes);
  bytes.write('KDMV', 0, 'latin1');
  bytes.writeUInt32LE(3, 4);
  // Line ends are as they were written; grains are compressed; there are markers.
  bytes.writeUInt32LE(0x1 | 0x1_0000 | 0x2_0000, 8);
  bytes.writeBigUInt64LE(BigInt(capacity), 12);
  bytes.writeBigUInt64LE(BigInt(grainSectors), 20);
  bytes.writeBigUInt64LE(1n, 28);
  bytes.writeBigUInt64LE(BigInt(descriptorSectors), 36);
  bytes.writeUInt32LE(entriesPerTable, 44);
  bytes.writeBigUInt64LE(directory, 56);
  bytes.writeBigUInt64LE(BigInt(overheadSectors), 64);
  bytes.write('\n \r\n', 73, 'latin1');
  bytes.writeUInt16LE(1, 77);
  return bytes;
};

/** The same disk gives the same text: an id that is not random is allowed, all ones alone is not. */
const descriptorOf = (capacity: number, name: string): string =>
  [
    ...['# Disk DescriptorFile', 'version=1', 'CID=fffffffe', 'parentCID=ffffffff', 'createType="streamOptimized"', ''],
    ...['# Extent description', `RDONLY ${capacity} SPARSE "${name}"`, ''],
    ...['# The Disk Data Base', '#DDB', '', 'ddb.virtualHWVersion = "4"', 'ddb.adapterType = "lsilogic"'],
    `ddb.geometry.cylinders = "${Math.min(65_535, Math.ceil(capacity / (255 * 63)))}"`,
    ...['ddb.geometry.heads = "255"', 'ddb.geometry.sectors = "63"', ''],
  ].join('\n');

const markerOf = (type: number, sectors: number): Buffer => {
  const bytes = Buffer.alloc(sectorBytes);
  bytes.writeBigUInt64LE(BigInt(sectors), 0);
  bytes.writeUInt32LE(type, 12);
  return bytes;
};

const grainOf = async (at: number, bytes: Buffer): Promise<Buffer> => {
  // A grain is whole, also where the disk ends within it.
  const whole = bytes.length === grainBytes ? bytes : Buffer.concat([bytes, Buffer.alloc(grainBytes - bytes.length)]);
  const packed = await deflated(whole);
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(BigInt(at / sectorBytes), 0);
  head.writeUInt32LE(packed.length, 8);
  return padded(Buffer.concat([head, packed]));
};

/** The bytes of the VMDK, in order; `name` stands in it as its own file's. The same disk gives the same bytes. */
// One generator, though long: the tables grow with what it has given.
export const vmdkOf = async function* (
  disk: DiskReader,
  name: string,
  signal: AbortSignal,
  seen?: (bytes: number) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const capacity = sectorsOf(disk.size);
  const directory = Buffer.alloc(Math.ceil(capacity / grainSectors / entriesPerTable) * entryBytes);
  const table = Buffer.alloc(entriesPerTable * entryBytes);
  let tableOf = -1;
  let sector = 0;

  const given = (bytes: Buffer): Buffer => {
    sector += bytes.length / sectorBytes;
    return bytes;
  };
  const endTable = function* () {
    if (tableOf < 0) return;
    yield given(markerOf(marker.table, tableSectors));
    directory.writeUInt32LE(sector, tableOf * entryBytes);
    yield given(Buffer.from(table));
    table.fill(0);
  };

  const start = Buffer.alloc(overheadSectors * sectorBytes);
  headerOf(capacity, atEnd).copy(start);
  start.write(descriptorOf(capacity, name), sectorBytes, 'latin1');
  yield given(start);
  for await (const { at, bytes } of eachGrain(disk, signal, seen)) {
    const grain = at / grainBytes;
    const own = Math.floor(grain / entriesPerTable);
    if (own !== tableOf) yield* endTable();
    tableOf = own;
    table.writeUInt32LE(sector, (grain % entriesPerTable) * entryBytes);
    yield given(await grainOf(at, bytes));
  }
  yield* endTable();
  const whole = padded(directory);
  yield given(markerOf(marker.directory, whole.length / sectorBytes));
  const directoryAt = BigInt(sector);
  yield given(whole);
  yield given(markerOf(marker.footer, 1));
  yield given(headerOf(capacity, directoryAt));
  yield given(markerOf(marker.endOfStream, 0));
};
