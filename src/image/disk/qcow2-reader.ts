import type { FileHandle } from 'node:fs/promises';
import type { Qcow2Header } from '../../base/qcow2-header.ts';
import { inflateCluster } from './inflate-cluster.ts';
import { readFully } from './read-fully.ts';
import type { DiskReader } from './types.ts';

/** Bits of an entry of the L1 and L2 tables (QEMU's docs/interop/qcow2.txt). */
const offsetMask = 0x00ff_ffff_ffff_fe00n;
const compressedBit = 1n << 62n;
const zeroBit = 1n;

const entryBytes = 8;
const sectorBytes = 512;

/** Feature bit 3: clusters are compressed by something else than deflate, of which zstd is the only one that there is. */
const otherCompression = 8n;

/** Where a compressed cluster lies, and how many bytes it has at most. */
const placeOf = (entry: bigint, clusterBits: number) => {
  const split = BigInt(62 - (clusterBits - 8));
  const at = Number(entry & ((1n << split) - 1n));
  const sectors = Number((entry & (compressedBit - 1n)) >> split) + 1;
  return { at, bytes: sectors * sectorBytes - (at % sectorBytes) };
};

/** Reads a flat qcow2 image: one without a backing file, a data file, encryption and extended L2 entries. */
// One closure, though long: it has the tables that it has read, and the last cluster.
export const qcow2Reader = async (file: FileHandle, header: Qcow2Header): Promise<DiskReader> => {
  const { clusterBits, virtualBytes, l1, features } = header;
  const clusterBytes = 2 ** clusterBits;
  const clustersPerTable = clusterBytes / entryBytes;
  const by = (features & otherCompression) === 0n ? 'deflate' : 'zstd';

  const directory = Buffer.alloc(l1.entries * entryBytes);
  await readFully(file, directory, l1.offset);

  const table = Buffer.alloc(clusterBytes);
  let tableAt = -1;
  const entryOf = async (cluster: number): Promise<bigint> => {
    const index = Math.floor(cluster / clustersPerTable);
    const at = Number(directory.readBigUInt64BE(index * entryBytes) & offsetMask);
    if (at === 0) return 0n;
    if (at !== tableAt) {
      tableAt = -1;
      await readFully(file, table, at);
      tableAt = at;
    }
    return table.readBigUInt64BE((cluster % clustersPerTable) * entryBytes);
  };

  let inflated: { readonly entry: bigint; readonly bytes: Buffer } | undefined;
  const inflatedOf = async (entry: bigint): Promise<Buffer> => {
    if (inflated?.entry === entry) return inflated.bytes;
    const { at, bytes } = placeOf(entry, clusterBits);
    const packed = Buffer.alloc(bytes);
    await readFully(file, packed, at);
    inflated = { entry, bytes: await inflateCluster(packed, clusterBytes, by) };
    return inflated.bytes;
  };

  const readPart = async (part: Buffer, at: number): Promise<void> => {
    const entry = await entryOf(Math.floor(at / clusterBytes));
    const within = at % clusterBytes;
    if ((entry & compressedBit) !== 0n) {
      (await inflatedOf(entry)).copy(part, 0, within, within + part.length);
      return;
    }
    const host = Number(entry & offsetMask);
    if (host === 0 || (entry & zeroBit) !== 0n) part.fill(0);
    else await readFully(file, part, host + within);
  };

  return {
    size: virtualBytes,
    read: async (buffer, at) => {
      for (let done = 0; done < buffer.length;) {
        const bytes = Math.min(clusterBytes - ((at + done) % clusterBytes), buffer.length - done);
        await readPart(buffer.subarray(done, done + bytes), at + done);
        done += bytes;
      }
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
};
