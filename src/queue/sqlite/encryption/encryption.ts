import { createHmac, randomBytes } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { makeCipher, type Cipher, type CipherKey } from '../../../base/cipher/cipher.ts';
import { Fault } from '../../../base/fault.ts';
import { parsed } from '../rows.ts';

/** Keeps what is secret in columns of the store. `place` is the table, row and column: nowhere else can it be decrypted. */
export type Encryption = {
  readonly keyId: string;
  /** The value as JSON, encrypted, as a text of JSON. */
  readonly encrypt: (value: unknown, place: string) => string;
  /** The same back. What was written had this type, and only the store writes. Throws `store_unavailable`. */
  readonly decrypt: <T>(text: string, place: string) => T;
  /** A digest that says nothing of what it is over to those who do not have the key. */
  readonly mac: (digest: string) => string;
};

/** The row of `encryption`. */
export type EncryptionRow = { readonly key_id: string; readonly mac_key: string; readonly cleaned: number };

const macPlace = 'encryption/mac_key';

export const encryptionRow = (db: Database): EncryptionRow | undefined =>
  db.prepare<[], EncryptionRow>('SELECT key_id, mac_key, cleaned FROM encryption').get();

const damaged = (db: Database, place: string, keyId: string, cause: unknown): Fault =>
  new Fault(
    'store_unavailable',
    `What the store ${db.name} has at ${place} cannot be decrypted with the key ${keyId}: it was changed, or is of another store. Restore the store and its key file from one backup.`,
    { file: db.name },
    { cause },
  );

const columnsWith = (db: Database, { keyId, encrypt, decrypt }: Cipher, mac: Encryption['mac']): Encryption => ({
  keyId,
  mac,
  encrypt: (value, place) => JSON.stringify(encrypt(JSON.stringify(value), place)),
  decrypt: (text, place) => {
    let json;
    try {
      json = decrypt(parsed<string>(text), place);
    } catch (error) {
      throw damaged(db, place, keyId, error);
    }
    return parsed(json);
  },
});

/** What the store is encrypted with from now on: a new row. To be called in a transaction. `macKey`: of the key before. */
export const beginEncryption = (
  db: Database,
  key: CipherKey,
  macKey: string = randomBytes(32).toString('base64'),
): Encryption => {
  const row = JSON.stringify(makeCipher(key).encrypt(JSON.stringify(macKey), macPlace));
  db.prepare('INSERT OR REPLACE INTO encryption (one, key_id, mac_key, cleaned) VALUES (1, ?, ?, 0)').run(key.id, row);
  return encryptionWith(db, key, row);
};

/** The key of the digests, as the row has it. */
export const macKeyOf = (db: Database, key: CipherKey, row: string): string =>
  columnsWith(db, makeCipher(key), (digest) => digest).decrypt<string>(row, macPlace);

/** What the store is encrypted with, as its row says. Throws `store_unavailable` where the key is not that of the row. */
export const encryptionWith = (db: Database, key: CipherKey, row: string): Encryption => {
  const macKey = Buffer.from(macKeyOf(db, key, row), 'base64');
  return columnsWith(db, makeCipher(key), (digest) => createHmac('sha256', macKey).update(digest).digest('hex'));
};
