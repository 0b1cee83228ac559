/** The parts that a CD's descriptors and directories are made of: ECMA-119, and Rock Ridge (IEEE P1282, RRIP). */

/** A number in both byte orders, one after the other (ECMA-119, 7.2.3 and 7.3.3). */
export const both16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(value, 0);
  bytes.writeUInt16BE(value, 2);
  return bytes;
};

export const both32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value, 0);
  bytes.writeUInt32BE(value, 4);
  return bytes;
};

export type Order = 'little' | 'big';

export const number32 = (value: number, order: Order): Buffer => {
  const bytes = Buffer.alloc(4);
  if (order === 'little') bytes.writeUInt32LE(value);
  else bytes.writeUInt32BE(value);
  return bytes;
};

export const number16 = (value: number, order: Order): Buffer => {
  const bytes = Buffer.alloc(2);
  if (order === 'little') bytes.writeUInt16LE(value);
  else bytes.writeUInt16BE(value);
  return bytes;
};

/** ECMA-119, 9.1.5: years since 1900, month, day, hour, minute, second, offset from Greenwich. */
export const recordTime = (at: Date): Buffer =>
  Buffer.from([
    ...[at.getUTCFullYear() - 1900, at.getUTCMonth() + 1, at.getUTCDate()],
    ...[at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds(), 0],
  ]);

/** ECMA-119, 8.4.26.1: the same as digits, with hundredths. */
export const descriptorTime = (at: Date): Buffer =>
  Buffer.concat([Buffer.from(at.toISOString().replace(/\D/g, '').slice(0, 16).padEnd(16, '0')), Buffer.alloc(1)]);

export const noTime = Buffer.concat([Buffer.from('0'.repeat(16)), Buffer.alloc(1)]);

/** An entry of the system use sharing protocol: signature, length, version, and what it says. */
const entry = (signature: string, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(signature), Buffer.from([4 + content.length, 1]), content]);
};

const posixMode = { folder: 0o040555, file: 0o100444 } as const;

export type Kind = keyof typeof posixMode;

/** RRIP 4.1.1: mode, links, user, group. */
export const modeEntry = (kind: Kind): Buffer =>
  entry('PX', both32(posixMode[kind]), both32(kind === 'folder' ? 2 : 1), both32(0), both32(0));

/** RRIP 4.1.4. */
export const nameEntry = (name: string): Buffer => entry('NM', Buffer.from([0]), Buffer.from(name, 'latin1'));

/** SUSP 5.3 and 5.5: the protocol is in use, and its extension is Rock Ridge. */
export const announcement = Buffer.concat([
  entry('SP', Buffer.from([0xbe, 0xef, 0])),
  entry('ER', Buffer.from([10, 0, 0, 1]), Buffer.from('RRIP_1991A')),
]);

export type CdExtent = { readonly at: number; readonly bytes: number; readonly kind: Kind };

/** A directory record (ECMA-119, 9.1). */
export const record = ({ at, bytes, kind }: CdExtent, name: Buffer, time: Buffer, more: readonly Buffer[]): Buffer => {
  const head = Buffer.concat([
    ...[both32(at), both32(bytes), time, Buffer.from([kind === 'folder' ? 2 : 0, 0, 0]), both16(1)],
    ...[Buffer.from([name.length]), name, Buffer.alloc(name.length % 2 === 0 ? 1 : 0)],
  ]);
  const all = Buffer.concat([head, ...more]);
  const odd = Buffer.alloc(all.length % 2);
  return Buffer.concat([Buffer.from([2 + all.length + odd.length, 0]), all, odd]);
};
