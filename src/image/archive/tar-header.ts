/**
 * Headers of a tar that say nothing of time and owner, so that the same files give the same bytes. They are GNU's, in the
 * old form (GNU tar's manual, "Basic Tar Format" and "Old GNU Format"), which has sparse files and sizes beyond 8 GiB;
 * bsdtar, which Vagrant runs, and Google's importer read it.
 */

const blockBytes = 512;

/** A part of a sparse file that is there. */
export type TarExtent = { readonly at: number; readonly bytes: number };

const magic = 'ustar  \0';
const mode = 0o644;
const inHeader = 4;
const inExtension = 21;

/** Octal digits and a NUL, or, where those do not hold it, a number of base 256 with its first bit set. */
const writeNumber = (header: Buffer, value: number, at: number, length: number): void => {
  const digits = value.toString(8);
  if (digits.length < length) {
    header.write(`${digits.padStart(length - 1, '0')}\0`, at, 'latin1');
    return;
  }
  let left = value;
  for (let index = at + length - 1; index > at; index--) {
    header[index] = left % 256;
    left = Math.floor(left / 256);
  }
  header[at] = 0x80;
};

const writeExtents = (header: Buffer, extents: readonly TarExtent[], from: number): void => {
  for (const [index, { at, bytes }] of extents.entries()) {
    writeNumber(header, at, from + index * 24, 12);
    writeNumber(header, bytes, from + index * 24 + 12, 12);
  }
};

const closed = (header: Buffer): Buffer => {
  header.fill(' ', 148, 156);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
};

const startOf = (name: string, size: number, type: string): Buffer => {
  const header = Buffer.alloc(blockBytes);
  if (Buffer.byteLength(name) > 100) throw new RangeError(`${name} is too long a name for a tar`);
  header.write(name, 0, 'utf8');
  for (const [value, at] of [
    [mode, 100],
    [0, 108],
    [0, 116],
  ] as const)
    writeNumber(header, value, at, 8);
  writeNumber(header, size, 124, 12);
  writeNumber(header, 0, 136, 12);
  header.write(type, 156, 'latin1');
  header.write(magic, 257, 'latin1');
  return header;
};

/** The header of a plain file. */
export const fileHeader = (name: string, size: number): Buffer => closed(startOf(name, size, '0'));

/** The headers of a sparse file of `size` bytes: the first has four extents, each one behind it 21. */
export const sparseHeader = (name: string, size: number, extents: readonly TarExtent[]): Buffer => {
  const held = extents.reduce((sum, { bytes }) => sum + bytes, 0);
  // Where the file ends in a hole, an extent of nothing says so.
  const last = extents.at(-1);
  const all = last !== undefined && last.at + last.bytes === size ? extents : [...extents, { at: size, bytes: 0 }];
  const header = startOf(name, held, 'S');
  writeExtents(header, all.slice(0, inHeader), 386);
  header[482] = Number(all.length > inHeader);
  writeNumber(header, size, 483, 12);
  const blocks = [closed(header)];
  for (let from = inHeader; from < all.length; from += inExtension) {
    const block = Buffer.alloc(blockBytes);
    writeExtents(block, all.slice(from, from + inExtension), 0);
    block[504] = Number(from + inExtension < all.length);
    blocks.push(block);
  }
  return Buffer.concat(blocks);
};

/** What fills a file's last block. */
export const paddingOf = (size: number): Buffer => Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);

/** What an archive ends with. */
export const tarEnd = Buffer.alloc(2 * blockBytes);
