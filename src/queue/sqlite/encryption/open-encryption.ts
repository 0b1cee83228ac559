import type { Database } from 'better-sqlite3';
import { newKey, type CipherKey } from '../../../base/cipher/cipher.ts';
import { readKeyFile, writeKeyFile } from '../../../base/cipher/key-file.ts';
import { Fault } from '../../../base/fault.ts';
import { parsed } from '../rows.ts';
import { changeAll, macDigests } from './columns.ts';
import { beginEncryption, encryptionRow, encryptionWith, macKeyOf, type Encryption } from './encryption.ts';

const restore =
  'Restore it from its copy: without it templates, sensitive values and secrets are lost, and data_dir has to be begun anew.';

const lost = (db: Database, file: string, keyId: string): Fault =>
  new Fault(
    'store_unavailable',
    `The key file ${file} is missing, and ${db.name} is encrypted with its key ${keyId}. ${restore}`,
    {
      file,
    },
  );

const wrong = (db: Database, file: string, keyId: string, keys: readonly CipherKey[]): Fault =>
  new Fault(
    'store_unavailable',
    `The key file ${file} has the key ${keys.map(({ id }) => id).join(', ')}, and ${db.name} is encrypted with the key ${keyId}. ${restore}`,
    { file },
  );

/** The key that the store is encrypted with. Throws `store_unavailable`, `configuration_invalid`. */
const keyOfRow = (db: Database, file: string, keyId: string): CipherKey => {
  const keys = readKeyFile(file);
  if (keys === undefined) throw lost(db, file, keyId);
  const key = keys.find(({ id }) => id === keyId);
  if (key === undefined) throw wrong(db, file, keyId, keys);
  return key;
};

/** Nothing of what was written before stays in free pages of the file or in its write-ahead log. */
const clean = (db: Database): void => {
  db.exec('VACUUM');
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.exec('UPDATE encryption SET cleaned = 1');
};

const begin = (db: Database, file: string): Encryption => {
  const [found] = readKeyFile(file) ?? [];
  const key = found ?? newKey();
  // On the disk before anything is encrypted with it.
  if (found === undefined) writeKeyFile(file, [key]);
  const encrypt = db.transaction(() => {
    const encryption = beginEncryption(db, key);
    changeAll(db, (text, place) => encryption.encrypt(parsed<unknown>(text), place));
    macDigests(db, encryption);
    return encryption;
  });
  return encrypt.immediate();
};

/**
 * Opens what the store is encrypted with. A store of before is encrypted now, with the key of the file or a new one. Throws
 * `store_unavailable` where the key is missing or another, and `configuration_invalid` where its file cannot be used.
 */
export const openEncryption = (db: Database, file: string): Encryption => {
  const row = encryptionRow(db);
  const encryption =
    row === undefined ? begin(db, file) : encryptionWith(db, keyOfRow(db, file, row.key_id), row.mac_key);
  if (row?.cleaned !== 1) clean(db);
  return encryption;
};

/** Beside the daemon, which is what makes keys: each value that is asked for looks for the key. */
export const sharedEncryption = (db: Database, file: string): Encryption => {
  let opened: Encryption | undefined;
  const now = (): Encryption => {
    const row = encryptionRow(db);
    if (row === undefined)
      throw new Fault('store_unavailable', `${db.name} is not encrypted yet: start the daemon of this version once.`);
    if (opened?.keyId !== row.key_id) opened = encryptionWith(db, keyOfRow(db, file, row.key_id), row.mac_key);
    return opened;
  };
  return {
    get keyId() {
      return now().keyId;
    },
    encrypt: (value, place) => now().encrypt(value, place),
    decrypt: (text, place) => now().decrypt(text, place),
    mac: (digest) => now().mac(digest),
  };
};

/**
 * Encrypts everything with a new key, and leaves no other in the file; gives the ids of the old and the new. A crash on the
 * way leaves both in the file, and the store with one of them.
 */
export const rotateKey = (db: Database, file: string): { readonly before: string; readonly now: string } => {
  const row = encryptionRow(db);
  if (row === undefined)
    throw new Fault('store_unavailable', `${db.name} is not encrypted yet: start the daemon once.`);
  const old = keyOfRow(db, file, row.key_id);
  const key = newKey();
  writeKeyFile(file, [key, old]);
  const before = encryptionWith(db, old, row.mac_key);
  const rotate = db.transaction(() => {
    const after = beginEncryption(db, key, macKeyOf(db, old, row.mac_key));
    changeAll(db, (text, place) => after.encrypt(before.decrypt<unknown>(text, place), place));
  });
  rotate.immediate();
  clean(db);
  writeKeyFile(file, [key]);
  return { before: old.id, now: key.id };
};
