import { openDatabase, type OpenAsk } from '../database.ts';
import { storeFault } from '../store-fault.ts';
import { rotateKey } from './open-encryption.ts';

/**
 * Gives a store that no daemon works on another key, and encrypts everything with it; gives the ids of both keys. Throws
 * `store_unavailable` (in use, or its key is lost), `configuration_invalid`, `storage_full`.
 */
export const rotateStore = (ask: Omit<OpenAsk, 'shared'>): { readonly before: string; readonly now: string } => {
  const { db, unlock } = openDatabase({ ...ask, shared: false });
  try {
    return rotateKey(db, ask.keyFile);
  } catch (error) {
    throw storeFault(error, ask.file);
  } finally {
    db.close();
    unlock();
  }
};
