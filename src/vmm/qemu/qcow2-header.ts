/** What a qcow2 image says of other files (qemu, docs/interop/qcow2.txt). */

import type { FileHandle } from 'node:fs/promises';

export type Qcow2Header = {
  readonly virtualBytes: number;
  readonly backing: { readonly name: string; readonly format: string | undefined } | undefined;
  readonly isEncrypted: boolean;
  /** The guest's bytes are in a file of their own. */
  readonly hasDataFile: boolean;
};

const magic = 0x5146_49fb;
// The header and its extensions lie in the first cluster, which has 512 bytes at least and is read as far as this.
const mostBytes = 64 * 1024;
const leastBytes = 72;
const version3Bytes = 104;
const longestName = 1023;
const dataFileBit = 4n;
const backingFormat = 0xe279_2aca;
const mostExtensions = 64;

/** The name of the backing file's format, out of the header's extensions: type, length, and data padded to 8 bytes. */
const formatIn = (bytes: Buffer, from: number, to: number): string | undefined => {
  let at = from;
  for (let count = 0; count < mostExtensions && at + 8 <= to; count++) {
    const [type, length] = [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)];
    if (type === 0 || at + 8 + length > to) return undefined;
    if (type === backingFormat) return bytes.toString('latin1', at + 8, at + 8 + length);
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return undefined;
};

/** Undefined when the file is no qcow2 image of version 2 or 3, or one whose header makes no sense. */
export const readQcow2 = async (file: FileHandle): Promise<Qcow2Header | undefined> => {
  const buffer = Buffer.alloc(mostBytes);
  const { bytesRead } = await file.read(buffer, 0, mostBytes, 0);
  const bytes = buffer.subarray(0, bytesRead);
  if (bytesRead < leastBytes || bytes.readUInt32BE(0) !== magic) return undefined;
  const version = bytes.readUInt32BE(4);
  if (version !== 2 && !(version === 3 && bytesRead >= version3Bytes)) return undefined;
  const [offset, length] = [Number(bytes.readBigUInt64BE(8)), bytes.readUInt32BE(16)];
  const virtualBytes = Number(bytes.readBigUInt64BE(24));
  if (!Number.isSafeInteger(virtualBytes)) return undefined;
  if (offset !== 0 && (length === 0 || length > longestName || offset + length > bytesRead)) return undefined;
  const extensionsFrom = version === 2 ? leastBytes : bytes.readUInt32BE(100);
  const extensionsTo = offset === 0 ? bytesRead : offset;
  return {
    virtualBytes,
    backing:
      offset === 0
        ? undefined
        : {
            name: bytes.toString('utf8', offset, offset + length),
            format: formatIn(bytes, extensionsFrom, extensionsTo),
          },
    isEncrypted: bytes.readUInt32BE(32) !== 0,
    hasDataFile: version === 3 && (bytes.readBigUInt64BE(72) & dataFileBit) !== 0n,
  };
};
