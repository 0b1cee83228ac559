import { createHash } from 'node:crypto';
import { didYouMean } from '../../../base/text/nearest.ts';
import { placeOf } from '../source.ts';
import type { HclCall, FunctionTable } from './kind.ts';

const digest = (algorithm: string) => ({
  takes: [1, 1] as const,
  gives: (call: HclCall) => createHash(algorithm).update(call.text(0)).digest('hex'),
});

/** A UUID (RFC 9562) of the first 16 bytes, with the version written into it. */
const uuidOf = (bytes: Buffer, version: number): string => {
  const uuid = Buffer.from(bytes.subarray(0, 16));
  uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | (version << 4), 6);
  uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | 0x80, 8);
  return uuid.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

// RFC 9562, 6.6.
const namespaces: Readonly<Record<string, string>> = {
  dns: '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  url: '6ba7b811-9dad-11d1-80b4-00c04fd430c8',
  oid: '6ba7b812-9dad-11d1-80b4-00c04fd430c8',
  x500: '6ba7b814-9dad-11d1-80b4-00c04fd430c8',
};

const named = (call: HclCall): string => {
  const name = call.text(0);
  const namespace = Object.hasOwn(namespaces, name) ? (namespaces[name] ?? '') : name;
  const hex = namespace.replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/i.test(hex))
    call.refuse(0, `is no UUID and no namespace: ${didYouMean(name, Object.keys(namespaces))}`);
  return uuidOf(createHash('sha1').update(Buffer.from(hex, 'hex')).update(call.text(1)).digest(), 5);
};

// A template is read when it is sent and may be read again, and must say the same each time: so it is made of where the
// call stands, and of what makes this template unlike others.
const random = (call: HclCall): string => {
  const { file, line, column } = placeOf(call.at);
  return uuidOf(createHash('sha256').update(`${call.world.seed}\n${file}\n${line}:${column}`).digest(), 4);
};

export const crypto: FunctionTable = {
  md5: digest('md5'),
  sha1: digest('sha1'),
  sha256: digest('sha256'),
  sha512: digest('sha512'),
  uuidv4: { takes: [0, 0], gives: random },
  uuidv5: { takes: [2, 2], gives: named },
};
