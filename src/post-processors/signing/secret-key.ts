/**
 * Secret keys of signify(1), as its own source has them (signify.c, `struct enckey`): a line of comment, then in base64 "Ed", the
 * name of the key derivation, its rounds, salt, the first bytes of the SHA-512 of the key, a key number, and the key of Ed25519.
 */

import { createHash, createPrivateKey, sign as signBy } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { errnoOf } from '../../base/errno.ts';
import { Fault } from '../../base/fault.ts';

/** A secret key: signs bytes, and gives the text of a `.sig` file. */
export type SecretKey = {
  /** The file name of its public key, as signify has it: that of the secret key with `.pub`. */
  readonly publicName: string;
  readonly signatureOf: (message: Uint8Array) => string;
};

const bytesOfKey = 104;
const largestFile = 4096;

// PKCS #8 of an Ed25519 key up to its 32 bytes (RFC 8410, 7).
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Why a text is no secret key that can be used; undefined where it can. */
const whyUnusable = (bytes: Buffer): string | undefined => {
  if (bytes.length !== bytesOfKey || bytes.toString('latin1', 0, 4) !== 'EdBK') return 'is no secret key of signify(1)';
  if (bytes.readUInt32BE(4) !== 0)
    return 'has a passphrase, which no daemon can be asked for: make one with signify -G -n';
  const sum = createHash('sha512').update(bytes.subarray(40)).digest();
  return sum.compare(bytes, 24, 32, 0, 8) === 0 ? undefined : 'is damaged: its checksum is another';
};

/** Reads the text of a secret key; `path` is for its name and for messages. Throws `configuration_invalid`. */
const parseSecretKey = (text: string, path: string): SecretKey => {
  const bytes = Buffer.from(text.split('\n')[1] ?? '', 'base64');
  const why = whyUnusable(bytes);
  if (why !== undefined) throw new Fault('configuration_invalid', `${path} ${why}.`);
  const key = createPrivateKey({ key: Buffer.concat([pkcs8, bytes.subarray(40, 72)]), format: 'der', type: 'pkcs8' });
  const head = Buffer.concat([Buffer.from('Ed'), bytes.subarray(32, 40)]);
  const publicName = `${basename(path).replace(/\.sec$/, '')}.pub`;
  return {
    publicName,
    signatureOf: (message) =>
      `untrusted comment: verify with ${publicName}\n${Buffer.concat([head, signBy(null, message, key)]).toString('base64')}\n`,
  };
};

/** Reads the host's key. It must be readable by its owner alone. Throws `configuration_invalid`. */
export const readSecretKey = async (path: string): Promise<SecretKey> => {
  const refuse = (why: string, cause?: unknown) =>
    new Fault('configuration_invalid', `The key of [sign], ${path}, ${why}.`, {}, { cause });
  await using file = await open(path, constants.O_RDONLY).catch((error: unknown) => {
    throw refuse(`cannot be read: ${errnoOf(error) ?? String(error)}`, error);
  });
  const { mode, size } = await file.stat();
  if ((mode & 0o077) !== 0) throw refuse(`may be read by others: chmod 600 ${path}`);
  if (size > largestFile) throw refuse('is no secret key of signify(1)');
  return parseSecretKey(await file.readFile('utf8'), path);
};
