/**
 * Public keys and signatures of signify(1), as its own source has them (signify.c, `struct pubkey` and `struct sig`): a line of
 * comment, then in base64 "Ed", a key number of 8 bytes, and the key or the signature of Ed25519.
 */

import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Fault } from '../../base/fault.ts';

export type PublicKey = {
  /** The file that it was read from. */
  readonly path: string;
  readonly number: Buffer;
  readonly key: KeyObject;
};

export type Signature = {
  readonly number: Buffer;
  readonly bytes: Buffer;
  /** What stands behind the signature in its file: the text that is signed, with `signify -e`. */
  readonly embedded: Buffer;
};

const commentOf = 'untrusted comment: ';
const numberBytes = 8;

// SubjectPublicKeyInfo of an Ed25519 key up to its 32 bytes (RFC 8410, 4).
const spki = Buffer.from('302a300506032b6570032100', 'hex');

/** The bytes behind "Ed", and what follows their line; undefined where a text is none of these files. */
const parse = (file: Buffer, bytes: number): { readonly body: Buffer; readonly rest: Buffer } | undefined => {
  const first = file.indexOf('\n');
  const second = file.indexOf('\n', first + 1);
  if (!file.toString('latin1', 0, commentOf.length).startsWith(commentOf) || first < 0 || second < 0) return undefined;
  const body = Buffer.from(file.toString('latin1', first + 1, second), 'base64');
  if (body.length !== 2 + numberBytes + bytes || body.toString('latin1', 0, 2) !== 'Ed') return undefined;
  return { body: body.subarray(2), rest: file.subarray(second + 1) };
};

/** Reads a public key. Throws `configuration_invalid`. */
export const readPublicKey = async (path: string): Promise<PublicKey> => {
  const file = await readFile(path).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('configuration_invalid', `The public key ${path} cannot be read: ${why}.`, {}, { cause });
  });
  const parsed = parse(file, 32);
  if (parsed === undefined) throw new Fault('configuration_invalid', `${path} is no public key of signify(1).`);
  const der = Buffer.concat([spki, parsed.body.subarray(numberBytes)]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return { path, number: parsed.body.subarray(0, numberBytes), key };
};

/** Reads the content of a `.sig` file. Throws `digest_mismatch`. */
export const parseSignature = (file: Buffer, name: string): Signature => {
  const parsed = parse(file, 64);
  if (parsed === undefined) throw new Fault('digest_mismatch', `${name} is no signature of signify(1).`);
  const { body, rest } = parsed;
  return { number: body.subarray(0, numberBytes), bytes: body.subarray(numberBytes), embedded: rest };
};

/** Throws `digest_mismatch` unless the signature is one of these bytes by this key. */
export const checkSignature = (
  message: Uint8Array,
  { number, bytes }: Signature,
  { path, number: own, key }: PublicKey,
  name: string,
): void => {
  if (!number.equals(own)) throw new Fault('digest_mismatch', `${name} is signed with another key than ${path}.`);
  if (!verify(null, message, key, bytes))
    throw new Fault('digest_mismatch', `${name} is not signed with ${path}: what came is not what was signed.`);
};
