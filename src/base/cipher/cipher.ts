import { createCipheriv, createDecipheriv, createHash, createSecretKey, randomBytes } from 'node:crypto';

/** 256 bits, and the name by which what it has encrypted names it: the first 8 hexadecimal digits of a digest over them. */
export type CipherKey = { readonly id: string; readonly bytes: Uint8Array };

export const keyBytes = 32;

/** A nonce has 96 bits, as AES-GCM wants it (NIST SP 800-38D, 8.2.2): by chance none comes twice in 2^32 texts of one key. */
const nonceBytes = 12;
const tagBytes = 16;

const algorithm = 'aes-256-gcm';

/** The words with which an encrypted text begins: form, and id of the key. */
const form = 'enc1';

export const keyOf = (bytes: Uint8Array): CipherKey => ({
  id: createHash('sha256').update('imaged key id\0').update(bytes).digest('hex').slice(0, 8),
  bytes,
});

/** A new random key. */
export const newKey = (): CipherKey => keyOf(randomBytes(keyBytes));

/** Encrypts texts with one key. `place` is where the text is kept: it can be decrypted there and nowhere else. */
export type Cipher = {
  readonly keyId: string;
  /** `enc1:KEY:` and the base64 of nonce, tag and ciphertext. */
  readonly encrypt: (text: string, place: string) => string;
  /** Throws an Error where the text was changed, stood in another place, or has another key. */
  readonly decrypt: (text: string, place: string) => string;
};

export const makeCipher = ({ id, bytes }: CipherKey): Cipher => {
  // Made once: for bytes Node makes one with each text, which takes longer than the text.
  const secret = createSecretKey(bytes);
  return {
    keyId: id,
    encrypt: (text, place) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, secret, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(place));
      const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return `${form}:${id}:${Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]).toString('base64')}`;
    },
    decrypt: (text, place) => {
      const [is, key, base64 = ''] = text.split(':', 3);
      if (is !== form || key !== id) throw new Error(`what stands at ${place} is not encrypted with the key ${id}`);
      const all = Buffer.from(base64, 'base64');
      const nonce = all.subarray(0, nonceBytes);
      const decipher = createDecipheriv(algorithm, secret, nonce, { authTagLength: tagBytes })
        .setAAD(Buffer.from(place))
        .setAuthTag(all.subarray(nonceBytes, nonceBytes + tagBytes));
      return Buffer.concat([decipher.update(all.subarray(nonceBytes + tagBytes)), decipher.final()]).toString('utf8');
    },
  };
};
