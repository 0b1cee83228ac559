import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import type { Database } from 'better-sqlite3';
import { Fault } from '../../base/fault.ts';
import { maxLogBytes, maxPages } from './checkpoints.ts';
import { openEncryption, sharedEncryption } from './encryption/open-encryption.ts';
import type { Encryption } from './encryption/encryption.ts';
import { migrate, missing, readMigrations } from './migrate.ts';
import { fileFault, storeFault } from './store-fault.ts';
import { refuseForeign, vouchFor } from './store-identity.ts';
import type { StorePlace } from './store-identity.ts';
import { usualBusy } from './writer.ts';

/** An open database, and the lock that says that this process alone works on its builds. */
export type OpenedDatabase = { readonly db: Database; readonly encryption: Encryption; readonly unlock: () => void };

/**
 * Takes the lock: a transaction left open on a second SQLite file, so that the kernel drops it however this process
 * ends. Undefined when another process has it.
 */
const takeLock = (file: string, withinMs: number): (() => void) | undefined => {
  const lock = new Sqlite(`${file}.lock`, { timeout: withinMs });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return () => lock.close();
  } catch (error) {
    lock.close();
    if (error instanceof Sqlite.SqliteError && error.code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
};

const inUse = (file: string): Fault =>
  new Fault(
    'store_unavailable',
    `The store ${file} is in use by another imaged. Stop that one first, or give this one a data_dir of its own.`,
    { file },
  );

/**
 * Makes the file unless it is there. Not left to SQLite, because it holds what clients send: for the owner's eyes; the
 * write-ahead log gets the same mode from it.
 */
const createForOwner = (name: string): void => {
  try {
    closeSync(openSync(name, 'wx', 0o600));
  } catch (error) {
    // A file that is there must not even be opened: closing it would drop this process's locks on it (fcntl(2)).
    if (!existsSync(name)) throw error;
  }
};

export type OpenAsk = {
  readonly file: string;
  readonly migrations: URL;
  readonly keyFile: string;
  /** Beside the process that has the lock. */
  readonly shared: boolean;
  readonly place: StorePlace | undefined;
};

const open = ({ file, migrations, keyFile, shared, place }: OpenAsk): OpenedDatabase => {
  // Before an empty one is made, which would look like a database that is there.
  if (place && !(existsSync(file) && statSync(file).size > 0)) refuseForeign(file, undefined, place);
  for (const name of [file, `${file}.lock`]) createForOwner(name);
  // `imaged token add` has the lock for an instant: a daemon that starts just then waits for it.
  const unlock = takeLock(file, shared ? 0 : 1000);
  if (!unlock && !shared) throw inUse(file);
  // Waiting for another process's write stops the whole process, which only `imaged token` can afford once it is open.
  const db = new Sqlite(file, { timeout: shared ? 5000 : 1000 });
  try {
    if (place) refuseForeign(file, db, place);
    db.pragma('journal_mode = WAL');
    db.pragma(`wal_autocheckpoint = ${maxPages}`);
    db.pragma(`journal_size_limit = ${maxLogBytes}`);
    db.pragma('trusted_schema = OFF');
    // What is deleted is overwritten: the values of sensitive variables must be gone when their build has ended.
    db.pragma('secure_delete = ON');
    const known = readMigrations(migrations);
    // A running daemon of an older version must not have its tables changed below it.
    if (!unlock && missing(db, known).length > 0) throw inUse(file);
    migrate(db, known);
    if (place) vouchFor(db, place);
    const encryption = shared ? sharedEncryption(db, keyFile) : openEncryption(db, keyFile);
    if (shared) unlock?.();
    else db.pragma(`busy_timeout = ${usualBusy.pauseMs}`);
    return { db, encryption, unlock: () => (shared ? undefined : unlock?.()) };
  } catch (error) {
    db.close();
    unlock?.();
    throw error;
  }
};

/** Opens a database, brings it up to date, and takes its lock unless it is shared. Throws `store_unavailable`, `storage_full`. */
export const openDatabase = (ask: OpenAsk): OpenedDatabase => {
  try {
    return open(ask);
  } catch (error) {
    throw fileFault(storeFault(error, ask.file), ask.file);
  }
};
