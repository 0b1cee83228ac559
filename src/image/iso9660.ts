/**
 * A CD of a few small files, as ECMA-119 has it with the names of Rock Ridge (IEEE P1282, RRIP): what cloud-init's NoCloud looks
 * for is found by such names under Linux and the BSDs. One directory, one extent a file.
 */

const sector = 2048;
/** The first 16 sectors are the system's (ECMA-119, 6.2.1). */
const [descriptorAt, terminatorAt, littleTableAt, bigTableAt, rootAt, filesAt] = [16, 17, 18, 19, 20, 21];

/** A file of the CD. The root directory has room for names of 31 characters and about a dozen files. */
export type CdFile = { readonly name: string; readonly bytes: Uint8Array };

/** A number in both byte orders, one after the other (ECMA-119, 7.2.3 and 7.3.3). */
const both16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(value, 0);
  bytes.writeUInt16BE(value, 2);
  return bytes;
};

const both32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value, 0);
  bytes.writeUInt32BE(value, 4);
  return bytes;
};

const padded = (text: string, length: number): Buffer => Buffer.from(text.padEnd(length).slice(0, length), 'latin1');

const sectorsOf = ({ bytes }: CdFile): number => Math.max(1, Math.ceil(bytes.byteLength / sector));

/** ECMA-119, 9.1.5: years since 1900, month, day, hour, minute, second, offset from Greenwich. */
const recordTime = (at: Date): Buffer =>
  Buffer.from([
    ...[at.getUTCFullYear() - 1900, at.getUTCMonth() + 1, at.getUTCDate()],
    ...[at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds(), 0],
  ]);

/** ECMA-119, 8.4.26.1: the same as digits, with hundredths. */
const descriptorTime = (at: Date): Buffer =>
  Buffer.concat([Buffer.from(at.toISOString().replace(/\D/g, '').slice(0, 16).padEnd(16, '0')), Buffer.alloc(1)]);

const noTime = Buffer.concat([Buffer.from('0'.repeat(16)), Buffer.alloc(1)]);

/** An entry of the system use sharing protocol: signature, length, version, and what it says. */
const entry = (signature: string, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(signature), Buffer.from([4 + content.length, 1]), content]);
};

const posixMode = { folder: 0o040555, file: 0o100444 } as const;

/** RRIP 4.1.1: mode, links, user, group. */
const modeEntry = (kind: keyof typeof posixMode): Buffer =>
  entry('PX', both32(posixMode[kind]), both32(kind === 'folder' ? 2 : 1), both32(0), both32(0));

const nameEntry = (name: string): Buffer => entry('NM', Buffer.from([0]), Buffer.from(name, 'latin1'));

/** SUSP 5.3 and 5.5: the protocol is in use, and its extension is Rock Ridge. */
const announcement = Buffer.concat([
  entry('SP', Buffer.from([0xbe, 0xef, 0])),
  entry('ER', Buffer.from([10, 0, 0, 1]), Buffer.from('RRIP_1991A')),
]);

type Extent = { readonly at: number; readonly bytes: number; readonly kind: keyof typeof posixMode };

/** A directory record (ECMA-119, 9.1). */
const record = ({ at, bytes, kind }: Extent, name: Buffer, time: Buffer, more: readonly Buffer[] = []): Buffer => {
  const head = Buffer.concat([
    ...[both32(at), both32(bytes), time, Buffer.from([kind === 'folder' ? 2 : 0, 0, 0]), both16(1)],
    ...[Buffer.from([name.length]), name, Buffer.alloc(name.length % 2 === 0 ? 1 : 0)],
  ]);
  const all = Buffer.concat([head, ...more]);
  const odd = Buffer.alloc(all.length % 2);
  return Buffer.concat([Buffer.from([2 + all.length + odd.length, 0]), all, odd]);
};

const root: Extent = { at: rootAt, bytes: sector, kind: 'folder' };

const rootFolder = (files: readonly CdFile[], time: Buffer): Buffer => {
  let at = filesAt;
  const records = files.map((file, index) => {
    const own = { at, bytes: file.bytes.byteLength, kind: 'file' } as const;
    at += sectorsOf(file);
    // A name of the old form that every reader takes; the real one stands beside it.
    const plain = Buffer.from(`FILE${String(index).padStart(4, '0')}.;1`);
    return record(own, plain, time, [modeEntry('file'), nameEntry(file.name)]);
  });
  const self = record(root, Buffer.from([0]), time, [announcement, modeEntry('folder')]);
  return Buffer.concat([self, record(root, Buffer.from([1]), time, [modeEntry('folder')]), ...records]);
};

/** The table of directories, of which there is one (ECMA-119, 9.4). */
const pathTable = (order: 'little' | 'big'): Buffer => {
  const table = Buffer.alloc(10);
  table[0] = 1;
  if (order === 'little') table.writeUInt32LE(rootAt, 2);
  else table.writeUInt32BE(rootAt, 2);
  if (order === 'little') table.writeUInt16LE(1, 6);
  else table.writeUInt16BE(1, 6);
  return table;
};

const number32 = (value: number, order: 'little' | 'big'): Buffer => {
  const bytes = Buffer.alloc(4);
  if (order === 'little') bytes.writeUInt32LE(value);
  else bytes.writeUInt32BE(value);
  return bytes;
};

/** ECMA-119, 8.4. */
const primaryDescriptor = (label: string, sectors: number, time: Date): Buffer =>
  Buffer.concat([
    ...[Buffer.from([1]), Buffer.from('CD001'), Buffer.from([1, 0])],
    ...[padded('', 32), padded(label, 32), Buffer.alloc(8), both32(sectors), Buffer.alloc(32)],
    ...[both16(1), both16(1), both16(sector), both32(pathTable('little').length)],
    ...[number32(littleTableAt, 'little'), Buffer.alloc(4), number32(bigTableAt, 'big'), Buffer.alloc(4)],
    record(root, Buffer.from([0]), recordTime(time)),
    padded('', 128 * 4 + 37 * 3),
    ...[descriptorTime(time), descriptorTime(time), noTime, noTime, Buffer.from([1])],
  ]);

const terminator = Buffer.concat([Buffer.from([255]), Buffer.from('CD001'), Buffer.from([1])]);

/** The image of a CD with this volume label and these files. Throws a RangeError for more than it is made for. */
export const cdOf = (label: string, files: readonly CdFile[], time: Date): Uint8Array => {
  const sectors = files.reduce((sum, file) => sum + sectorsOf(file), filesAt);
  const folder = rootFolder(files, recordTime(time));
  if (folder.length > sector || files.some(({ name }) => !/^[\w.-]{1,31}$/.test(name)))
    throw new RangeError(
      'A CD of this kind has room for a dozen files with names of 31 letters, digits, dots and dashes.',
    );
  const image = Buffer.alloc(sectors * sector);
  const put = (bytes: Uint8Array, at: number) => image.set(bytes, at * sector);
  put(primaryDescriptor(label, sectors, time), descriptorAt);
  put(terminator, terminatorAt);
  put(pathTable('little'), littleTableAt);
  put(pathTable('big'), bigTableAt);
  put(folder, rootAt);
  let at = filesAt;
  for (const file of files) {
    put(file.bytes, at);
    at += sectorsOf(file);
  }
  return image;
};
